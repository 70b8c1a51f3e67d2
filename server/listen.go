package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"
)

// The servers' limits. A widget waits 25 s: 8 s in line and 10 s for the
// vendor, with a margin; the server writes a little longer than that.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 16 << 10
	drainTimeout      = writeTimeout
)

// ready is the line on standard output that says where the relay is.
type ready struct {
	URL      string `json:"url"`
	AdminURL string `json:"admin_url"`
	Sandbox  bool   `json:"sandbox"`
}

// run serves both listeners until ctx ends or one of them fails.
func (r *relay) run(ctx context.Context, public, admin net.Listener, at ready, stdout io.Writer, log *slog.Logger) error {
	servers := []*http.Server{httpServer(r.api.Handler(), log), httpServer(r.api.AdminHandler(), log)}
	group, ctx := errgroup.WithContext(ctx)
	for i, listener := range []net.Listener{public, admin} {
		group.Go(func() error {
			if err := servers[i].Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	group.Go(func() error {
		<-ctx.Done()
		log.Info("draining: no new requests, running ones may finish")
		r.api.Drain()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		var failed error
		for _, server := range servers {
			failed = errors.Join(failed, server.Shutdown(drain))
		}
		return failed
	})
	group.Go(func() error { r.webhook.Run(ctx, r.ledger); return nil })
	group.Go(func() error { r.retain(ctx, log); return nil })
	line, err := json.Marshal(at)
	if err != nil {
		return err
	}
	log.Info("ready", "url", at.URL, "admin_url", at.AdminURL, "sandbox", at.Sandbox)
	if _, err := fmt.Fprintf(stdout, "%s\n", line); err != nil {
		log.Error("standard output is closed: nobody is told the address", "error", err)
	}
	return group.Wait()
}

func httpServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
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
