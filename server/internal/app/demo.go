package app

import (
	"log/slog"
	"net/http"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/demo"
	"ekycconnect/server/internal/secret"
)

// newDemo is the sandbox's partner: a form with the widget, and the back end
// behind it, which calls the relay at its public URL like any other.
func newDemo(c *config.Config, log *slog.Logger) (http.Handler, error) {
	o := demo.Options{
		Relay:   func() string { return c.PublicURL },
		Secrets: map[string]secret.String{},
		Log:     log,
	}
	for _, site := range c.Sites {
		o.Secrets[site.Sitekey] = secret.New(config.TestSecret(site.Sitekey))
	}
	return demo.New(o)
}
