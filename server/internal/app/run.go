package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"ekycconnect/server/internal/connlimit"
	"ekycconnect/server/internal/startline"
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
	drainTimeout      = writeTimeout
)

// run serves both listeners until ctx ends or one of them fails.
func (r *relay) run(ctx context.Context, public, admin net.Listener, at startline.Line, stdout io.Writer, log *slog.Logger) error {
	bounded := connlimit.New(linger(public), connlimit.Options{
		Total: r.connections.Total, PerAddress: r.connections.PerAddress,
		Exempt: func(a netip.Addr) bool { return a.IsLoopback() || r.api.Trusts(a) },
	})
	servers := []*http.Server{httpServer(connlimit.Guard(r.api.Handler()), log), httpServer(r.api.AdminHandler(), log)}
	servers[0].ConnContext = connlimit.ConnContext
	r.api.Metrics.Connections(bounded.Open, bounded.Closed)
	group, ctx := errgroup.WithContext(ctx)
	taken := make(chan struct{}) // closed when the public listener takes nobody any more
	for i, listener := range []net.Listener{bounded, admin} {
		group.Go(func() error {
			serve := servers[i].Serve
			if i == 0 && r.cert != nil {
				servers[i].TLSConfig = r.cert.Config()
				serve = func(l net.Listener) error { return servers[i].ServeTLS(l, "", "") }
			}
			if i == 0 {
				defer close(taken)
			}
			err := serve(listener)
			if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil && errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		})
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	group.Go(func() error {
		defer signal.Stop(hangup)
		for {
			select {
			case <-hangup:
				r.renew()
			case <-ctx.Done():
				return nil
			}
		}
	})
	group.Go(func() error {
		<-ctx.Done()
		log.Info("draining: no new requests, running ones may finish")
		r.api.Drain()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		lastRequests(servers[0], bounded, taken)
		var failed error
		for _, server := range servers {
			failed = errors.Join(failed, server.Shutdown(drain))
		}
		return failed
	})
	group.Go(func() error { r.webhook.Run(ctx, r.ledger); return nil })
	group.Go(func() error { r.retain(ctx, log); return nil })
	if r.copies != nil {
		group.Go(func() error { r.copies.Run(ctx, r.copyEvery); return nil })
	}
	line, err := json.Marshal(at)
	if err != nil {
		return err
	}
	log.Info("ready", "url", at.URL, "listen", public.Addr().String(), "admin_url", at.AdminURL, "sandbox", at.Sandbox)
	if _, err := fmt.Fprintf(stdout, "%s\n", line); err != nil {
		log.Error("standard output is closed: nobody is told the address", "error", err)
	}
	return group.Wait()
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

// renew reads the certificate's files, if there are any.
func (r *relay) renew() {
	if r.cert != nil {
		r.cert.Look()
	}
}

func httpServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), // its lines are about bad clients
	}
}

// closeUnserved closes listeners that no server has closed.
func closeUnserved(listeners ...net.Listener) error {
	var all error
	for _, l := range listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			all = errors.Join(all, err)
		}
	}
	return all
}
