package app

import (
	"net/http"
	"sync/atomic"
	"time"

	"ekycconnect/server/internal/connlimit"
	"ekycconnect/server/internal/httpapi"
)

// drainTimeout is how long running requests may take once the relay is to stop.
const drainTimeout = httpapi.OTPWriteTimeout // the longest answer

// leaveWithin is how long connections may be given up by those who keep them.
const leaveWithin = time.Second

// lastWhen has each answer be the last of its connection once the relay is leaving. A
// connection that is closed while it is idle may have a request on its way, which no
// balancer may send again; a client that is told uses another connection.
func lastWhen(leaving *atomic.Bool, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if leaving.Load() {
			w.Header().Set("Connection", "close") // over HTTP/2: GOAWAY
		}
		h.ServeHTTP(w, r)
	})
}

// awaitLeft waits until all connections are given up, for leaveWithin at the most.
func awaitLeft(l *connlimit.Listener) {
	look := time.NewTicker(lingerQuiet)
	defer look.Stop()
	for begin := time.Now(); l.Open() > 0 && time.Since(begin) < leaveWithin; {
		<-look.C
	}
}

// lastRequests lets in who is at the door, and waits for the first request of
// everybody who was let in: a server that shuts down drops a request that it has
// read, but not begun.
func lastRequests(server *http.Server, l *connlimit.Listener, taken <-chan struct{}) {
	server.SetKeepAlivesEnabled(false) // what is answered from now on is the last of its connection
	_ = l.Close()
	<-taken
	look := time.NewTicker(lingerQuiet)
	defer look.Stop()
	for begin := time.Now(); l.Fresh() > 0 && time.Since(begin) < readHeaderTimeout; {
		<-look.C
	}
}
