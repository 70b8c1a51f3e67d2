package app

import (
	"log/slog"
	"os"
	"time"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/notice"
	"ekycconnect/web"
)

// Option changes what [New] makes of a configuration.
type Option func(*options)

type options struct {
	clock    func() time.Time
	wrap     func(consent.Store) consent.Store
	vendor   []deepvue.Option
	material *Material
	demo     bool
	level    *slog.LevelVar

	hangup   <-chan os.Signal
	reread   func() (*config.Config, config.Keys, error)
	patience time.Duration
}

// Clock is asked for the time in place of [time.Now].
func Clock(now func() time.Time) Option { return func(o *options) { o.clock = now } }

// Store puts what wrap makes of it in the place of the store of the ledger that serves.
func Store(wrap func(consent.Store) consent.Store) Option { return func(o *options) { o.wrap = wrap } }

// Vendor changes the vendor's clients, after the configuration.
func Vendor(more ...deepvue.Option) Option { return func(o *options) { o.vendor = more } }

// WithMaterial uses material that was made before.
func WithMaterial(m *Material) Option { return func(o *options) { o.material = m } }

// Demo serves the sandbox's partner at / and /demo/.
func Demo() Option { return func(o *options) { o.demo = true } }

// Level is the level of the relay's log, which can be changed on the admin listener.
func Level(of *slog.LevelVar) Option { return func(o *options) { o.level = of } }

// Renewal reads the configuration anew at each signal that comes: see [Relay.Renew].
func Renewal(hangup <-chan os.Signal, reread func() (*config.Config, config.Keys, error)) Option {
	return func(o *options) { o.hangup, o.reread = hangup, reread }
}

// Patience is how long the start waits for what cannot be reached for the moment, in
// place of a minute.
func Patience(d time.Duration) Option { return func(o *options) { o.patience = d } }

// Material is what pages are made of. It takes long to make and never changes, so
// relays in one process may share it.
type Material struct {
	Assets  *web.Assets
	Version string // of the widget, as records of the hosted page name it
	Notices *notice.Catalogue
	Words   *notice.Words
}

// NewMaterial loads the widget and renders the notices of a configuration.
func NewMaterial(c *config.Config) (*Material, error) {
	assets, err := web.Load()
	if err != nil {
		return nil, err
	}
	notices, err := notice.New(c.Purposes, notice.Options{AllowDrafts: c.AllowDrafts, Test: c.Sandbox})
	if err != nil {
		return nil, err
	}
	words, err := notice.NewWords(c.AllowDrafts)
	if err != nil {
		return nil, err
	}
	return &Material{Assets: assets, Version: assets.Version(), Notices: notices, Words: words}, nil
}
