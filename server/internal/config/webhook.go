package config

import (
	"net/url"

	"ekycconnect/server/internal/webhook"
)

// checkWebhook holds a site's webhook against what can be delivered to.
func (r *reader) checkWebhook(site *Site, at string) {
	if site.WebhookURL == "" {
		for name, set := range map[string]bool{
			"webhook_secret": !site.WebhookSecret.IsZero(), "webhook_secret_file": site.WebhookSecretFile != "",
			"webhook_allow_private": site.WebhookAllowPrivate,
		} {
			if set {
				r.report(at+"."+name, "does nothing without webhook_url")
			}
		}
		return
	}
	if err := checkWebhookURL(site.WebhookURL, site.WebhookAllowPrivate); err != "" {
		r.report(at+".webhook_url", "%s", err)
	}
	before := len(r.problems)
	site.WebhookSecretFile = r.resolve(site.WebhookSecretFile)
	site.WebhookSecret = r.secretOf(site.WebhookSecret, site.WebhookSecretFile, at, "webhook_secret")
	if _, err := webhook.Key(site.WebhookSecret); err != nil && len(r.problems) == before {
		r.report(at+".webhook_secret", "%s", err)
	}
}

// checkWebhookURL says what is wrong with a partner's address, "" if nothing. It
// does not repeat it: its query may be a key of the partner's.
func checkWebhookURL(written string, private bool) string {
	u, err := url.Parse(written)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || u.Fragment != "":
		return "needs an address such as https://www.example.com/hooks/consent"
	case u.User != nil:
		return "credentials must not stand in the URL; messages are signed with webhook_secret"
	case u.Scheme == "https":
		return ""
	case u.Scheme == "http" && private && (u.Hostname() == "localhost" || isLoopbackAddress(u.Hostname())):
		return ""
	}
	return "must be https (http only to this machine, with webhook_allow_private)"
}
