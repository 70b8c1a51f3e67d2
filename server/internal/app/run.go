package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"ekycconnect/server/internal/connlimit"
	"ekycconnect/server/internal/startline"
	"ekycconnect/server/internal/webhook"
)

// Run serves both listeners until ctx ends or one of them fails. When it serves, it
// says on stdout where.
func (r *Relay) Run(ctx context.Context, l Listeners, stdout io.Writer) error {
	stop := r.startBeside(ctx)
	defer stop()
	return r.serve(ctx, l, stdout)
}

// startBeside starts what works beside the requests. It goes on while the last of
// them are answered; stop ends it.
func (r *Relay) startBeside(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	all.Go(func() { r.webhooks.Run(ctx, r.Ledger) })
	if log := r.config.Log; log.CopyTo != "" {
		copies := webhook.NewCopies(log.CopyTo, log.CopyPrivate, r.Ledger.Checkpoint, r.log)
		all.Go(func() { copies.Run(ctx, max(log.PublishEvery, time.Second)) })
	}
	all.Go(func() { r.retain(ctx) })
	all.Go(func() { r.renewals(ctx) })
	return func() { cancel(); all.Wait() }
}

// serve lets requests in, and when ctx ends lets them finish.
func (r *Relay) serve(ctx context.Context, l Listeners, stdout io.Writer) error {
	bounded := connlimit.New(linger(l.Public), connlimit.Options{
		Total: r.config.Connections.Total, PerAddress: r.config.Connections.PerAddress, TLS: r.cert != nil,
		Exempt: func(a netip.Addr) bool { return a.IsLoopback() || r.API.Trusts(a) },
	})
	r.metrics.Connections(bounded.Open, bounded.Closed)
	var leaving atomic.Bool
	public := httpServer(lastWhen(&leaving, connlimit.Guard(r.Handler(), r.API.Full())), r.log)
	admin := httpServer(r.AdminHandler(), r.log)
	public.ConnContext = connlimit.ConnContext
	servePublic := public.Serve
	if r.cert != nil {
		public.TLSConfig = r.cert.Config()
		servePublic = func(l net.Listener) error { return public.ServeTLS(l, "", "") }
	}

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return untilStopped(ctx, admin.Serve(l.Admin)) })
	group.Go(func() error { return r.feedWatchdog(ctx, l.Admin.Addr()) })
	taken := make(chan struct{}) // closed when the public listener takes nobody any more
	group.Go(func() error {
		defer close(taken)
		return untilStopped(ctx, servePublic(bounded))
	})
	group.Go(func() error {
		<-ctx.Done()
		r.tell(daemon.SdNotifyStopping)
		r.log.Info("draining: no new requests, running ones may finish")
		r.API.Drain()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		leaving.Store(true)
		awaitLeft(bounded)
		lastRequests(public, bounded, taken)
		return errors.Join(public.Shutdown(drain), admin.Shutdown(drain))
	})
	r.announce(l, stdout)
	r.tell(daemon.SdNotifyReady)
	return group.Wait()
}

// untilStopped is the error of a server that has ended, unless it was stopped.
func untilStopped(ctx context.Context, err error) error {
	if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil && errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// announce says where the relay serves.
func (r *Relay) announce(l Listeners, stdout io.Writer) {
	at := startline.Line{URL: r.config.PublicURL, AdminURL: "http://" + l.Admin.Addr().String(), Sandbox: r.config.Sandbox}
	r.log.Info("ready", "url", at.URL, "listen", l.Public.Addr().String(), "admin_url", at.AdminURL, "sandbox", at.Sandbox)
	line, err := json.Marshal(at)
	if err == nil {
		_, err = fmt.Fprintf(stdout, "%s\n", line)
	}
	if err != nil {
		r.log.Error("standard output is closed: nobody is told the address", "error", err)
	}
}
