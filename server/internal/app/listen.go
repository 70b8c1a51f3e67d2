package app

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The servers' limits. A widget waits 25 s: 8 s in line and 10 s for the
// vendor, with a margin; the server writes a little longer than that.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 16 << 10
	maxStreams        = 64 // of one HTTP/2 connection
)

func httpServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerConnection: 64 << 10, MaxReceiveBufferPerStream: 16 << 10},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), // its lines are about bad clients
	}
}

// Listeners are a relay's two addresses.
type Listeners struct {
	Public net.Listener // for browsers and partners
	Admin  net.Listener // for metrics and readiness in words; never public
}

// Listen opens both addresses. It comes before everything else, so that the sandbox
// knows its own URL and a taken port is found before anything is done.
func Listen(public, admin string) (l Listeners, err error) {
	if l.Public, err = net.Listen("tcp", public); err != nil {
		return l, fmt.Errorf("%w: %s", err, listenRemedy(err, "--listen"))
	}
	if l.Admin, err = net.Listen("tcp", admin); err != nil {
		return l, errors.Join(fmt.Errorf("%w: %s", err, listenRemedy(err, "--admin")), l.Public.Close())
	}
	return l, nil
}

// listenRemedy says what to do about an address that cannot be listened on.
func listenRemedy(err error, flag string) string {
	if errors.Is(err, fs.ErrPermission) {
		return "a port below 1024 needs the capability CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE; else: setcap cap_net_bind_service=+ep on the program), or choose another address with " + flag
	}
	return "choose another address with " + flag
}

// Close closes what no server has closed.
func (l Listeners) Close() error {
	var all error
	for _, one := range []net.Listener{l.Public, l.Admin} {
		if err := one.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			all = errors.Join(all, err)
		}
	}
	return all
}
