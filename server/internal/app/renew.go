package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/coreos/go-systemd/v22/daemon"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/hosted"
	"ekycconnect/server/internal/httpapi"
	"ekycconnect/server/internal/limit"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/receiptpage"
)

// generation is what one reading of the configuration has made. A request is served by
// one from its beginning to its end.
type generation struct {
	config   *config.Config
	material *Material
	api      *httpapi.API
	handler  http.Handler
	admin    http.Handler
}

// Handler is the public listener's whole surface, under the configuration of the moment.
func (r *Relay) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.now.Load().handler.ServeHTTP(w, q) })
}

// AdminHandler is the operator's listener.
func (r *Relay) AdminHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.now.Load().admin.ServeHTTP(w, q) })
}

// renewals renews at each signal until ctx ends.
func (r *Relay) renewals(ctx context.Context) {
	for {
		select {
		case <-r.options.hangup:
			r.tell(daemon.SdNotifyReloading)
			changed, err := r.Renew(ctx)
			switch {
			case err != nil:
				var problems []string
				for line := range strings.Lines(err.Error()) {
					problems = append(problems, strings.TrimSpace(line))
				}
				r.log.ErrorContext(ctx, "the configuration was read anew in vain: the relay goes on with the one that it has", "problems", problems)
			default:
				r.log.InfoContext(ctx, "the configuration was read anew", "changed", changed)
			}
			r.tell(daemon.SdNotifyReady)
		case <-ctx.Done():
			return
		}
	}
}

// Renew reads the configuration anew and serves the requests that come from now on under
// it: sites with their secrets, notices, limits and the certificate. All of that is taken,
// or nothing; nothing either if another setting has changed, which takes a restart. It
// returns the settings that have changed, by name.
func (r *Relay) Renew(ctx context.Context) (changed []string, err error) {
	r.renewing.Lock()
	defer r.renewing.Unlock()
	if r.options.reread == nil {
		return nil, errors.New("a sandbox has no configuration to read")
	}
	c, keys, err := r.options.reread()
	if err != nil {
		return nil, err
	}
	old := r.now.Load()
	changed, fixed := config.Changes(old.config, c)
	if !reflect.DeepEqual(keys, r.keys) {
		fixed = append(fixed, "the keys file")
	}
	if len(fixed) > 0 {
		return nil, fmt.Errorf("what has changed takes a restart, and so nothing is taken: %s", strings.Join(fixed, ", "))
	}
	next, err := r.renewed(ctx, old, c)
	if err != nil {
		return nil, err
	}
	endpoints, err := webhookEndpoints(c)
	if err != nil {
		return nil, err
	}
	r.webhooks.SetEndpoints(endpoints)
	for _, line := range r.lines {
		line.SetPerDay(perDay(c))
	}
	if r.cert != nil && r.cert.Look() {
		changed = append(changed, "the certificate")
	}
	r.now.Store(next)
	return changed, nil
}

// renewed makes the next generation. Whatever it may show is in the ledger by then.
func (r *Relay) renewed(ctx context.Context, old *generation, c *config.Config) (*generation, error) {
	m := *old.material
	var err error
	if m.Notices, err = notice.New(c.Purposes, notice.Options{AllowDrafts: c.AllowDrafts}); err != nil {
		return nil, err
	}
	if m.Words, err = notice.NewWords(c.AllowDrafts); err != nil {
		return nil, err
	}
	if err := r.keep(ctx, m.Notices); err != nil {
		return nil, err
	}
	core := old.api.Core.With(connect.NewSites(sites(c)), m.Notices, renewedLimits(old.api.Core.Limits, old.config.Limits, c.Limits))
	api := old.api.With(core, receiptpage.New(core, m.Words, old.api.PublicURL, c.Sandbox),
		hosted.New(core, m.Words, old.api.PublicURL, m.Version, c.Sandbox))
	return &generation{config: c, material: &m, api: api, handler: api.Handler(), admin: api.AdminHandler()}, nil
}

// renewedLimits keeps what a limit has counted, unless it is another one now.
func renewedLimits(old connect.Limits, was, is config.Limits) connect.Limits {
	keep := func(l *limit.Limiter, was, is int) *limit.Limiter {
		if was == is {
			return l
		}
		return limit.New(is)
	}
	return connect.Limits{
		View: keep(old.View, was.View, is.View), Sessions: keep(old.Sessions, was.Sessions, is.Sessions),
		Declines: keep(old.Declines, was.Declines, is.Declines), Captchas: keep(old.Captchas, was.Captchas, is.Captchas),
		Answers: keep(old.Answers, was.Answers, is.Answers), WrongSecrets: keep(old.WrongSecrets, was.WrongSecrets, is.WrongSecrets),
	}
}
