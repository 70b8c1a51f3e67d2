package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"ekycconnect/server/internal/secret"
)

// Site is one partner's page or app: who it is, where it may run, and which
// vendor account pays for it.
type Site struct {
	// Name is for people: logs, reports.
	Name string `yaml:"name"`
	// Sitekey is public and stands in the partner's page.
	Sitekey string `yaml:"sitekey"`
	// Account names one of the accounts.
	Account string `yaml:"account"`
	// Secrets are the SHA-256 of the secrets that the partner's back end
	// shows; two while one replaces the other.
	Secrets []SecretHash `yaml:"secrets"`
	Origins []Origin     `yaml:"origins"`
	// ReturnURLs take the answer of the hosted page where no script runs.
	ReturnURLs []ReturnURL `yaml:"return_urls"`
	// AppSchemes are those of the partner's apps, to which the handler of a return URL may redirect.
	AppSchemes []AppScheme `yaml:"app_schemes"`
	// Purposes are the ids of the notices that the site may show.
	Purposes []string `yaml:"purposes"`
	// RequireTicket refuses visitors for whom the partner minted no ticket.
	RequireTicket bool `yaml:"require_ticket"`
	// CapPerDay bounds the verifications that begin at the site in any 24 hours; 0: as
	// many as the account carries.
	CapPerDay int `yaml:"cap_per_day"`
	// BackEnds are the networks from which the site's secret is taken; none: from all.
	BackEnds []netip.Prefix `yaml:"back_ends"`

	// WebhookURL is where the partner is told of withdrawals and erasures; empty:
	// it is not. WebhookSecret signs what it is told.
	WebhookURL        string        `yaml:"webhook_url"`
	WebhookSecret     secret.String `yaml:"webhook_secret"`
	WebhookSecretFile string        `yaml:"webhook_secret_file"` // its content is in WebhookSecret after Load
	// WebhookAllowPrivate lets WebhookURL lead into a private network.
	WebhookAllowPrivate bool `yaml:"webhook_allow_private"`

	// TokensExpired makes every token expired from the start. Sandbox only.
	TokensExpired bool `yaml:"-"`

	anyLoopback bool // sandbox: every origin on this machine is allowed
}

// AllowsOrigin reports whether origin, as it stands in an Origin header, is one
// of the site's. The match is exact: no suffix, no other port, no "null".
func (s *Site) AllowsOrigin(origin string) bool {
	if s.anyLoopback {
		return isLoopbackOrigin(origin)
	}
	return slices.Contains(s.Origins, Origin(origin))
}

// SecretHash is the SHA-256 of a site's secret, written sha256:<hex>.
type SecretHash [sha256.Size]byte

// HashSecret hashes a secret, which has 256 random bits: no salt is needed.
func HashSecret(plain string) SecretHash { return sha256.Sum256([]byte(plain)) }

// String is the form that the configuration file takes.
func (h SecretHash) String() string { return "sha256:" + hex.EncodeToString(h[:]) }

// UnmarshalText reads the form of String. Its errors never repeat the text,
// which may be a secret that somebody put here by mistake.
func (h *SecretHash) UnmarshalText(written []byte) error {
	if strings.HasPrefix(string(written), "sk_") {
		return errors.New("this is the secret itself, and now it stands in a file: make a new one with " +
			"`relay keygen secret`, give the partner its secret and write its sha256: line here")
	}
	digits, ok := strings.CutPrefix(string(written), "sha256:")
	raw, err := hex.DecodeString(digits)
	if !ok || err != nil || len(raw) != len(h) {
		return errors.New("needs sha256: and 64 hex digits; `relay keygen secret` prints a secret and this line")
	}
	copy(h[:], raw)
	return nil
}

var (
	sitekeyShape = regexp.MustCompile(`^pk_live_[A-Za-z0-9_-]{4,56}$`)
	nameShape    = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$`)
)

// checkSites holds the sites against themselves and each other.
func (r *reader) checkSites(c *Config) {
	keys, secrets := map[string]string{}, map[SecretHash]string{}
	if len(c.Sites) == 0 {
		r.report("sites", "no site; add one with name, sitekey, account, secrets, origins and purposes")
	}
	for i := range c.Sites {
		site, at := &c.Sites[i], indexed("sites", i)
		if site.Name == "" {
			r.report(at+".name", "missing; write the partner's name")
		}
		r.checkSitekey(site.Sitekey, at+".sitekey")
		if first, twice := keys[site.Sitekey]; twice && site.Sitekey != "" {
			r.report(at+".sitekey", "%s already has this sitekey; make another with `relay keygen sitekey`", first)
		}
		keys[site.Sitekey] = at
		if _, ok := c.Accounts[site.Account]; site.Account == "" {
			r.report(at+".account", "missing; name one of the accounts")
		} else if !ok {
			r.report(at+".account", "there is no account %q; %s", site.Account, choice(c.Accounts))
		}
		r.checkSecrets(site, at+".secrets", secrets)
		r.checkOrigins(site, at+".origins")
		r.checkReturnURLs(site, at+".return_urls")
		r.checkAppSchemes(site, at+".app_schemes")
		r.checkPurposes(c, site, at+".purposes")
		if site.CapPerDay < 0 || site.CapPerDay > 1_000_000 {
			r.report(at+".cap_per_day", "must be 0 (no cap) to 1000000 verifications")
		}
		r.checkBackEnds(site, at+".back_ends")
		r.checkWebhook(site, at)
	}
}

func (r *reader) checkSitekey(key, at string) {
	switch {
	case key == "":
		r.report(at, "missing; make one with `relay keygen sitekey`")
	case strings.HasPrefix(key, "sk_"):
		r.report(at, "this is a secret, not a sitekey, and now it stands in a file: make a new secret with "+
			"`relay keygen secret` and a sitekey with `relay keygen sitekey`")
	case strings.HasPrefix(key, "pk_test_"):
		r.report(at, "test sitekeys work only with `relay serve --sandbox`; make a live one with `relay keygen sitekey`")
	case key == exampleSitekey:
		r.report(at, "is the example's; make one with `relay keygen sitekey`")
	case !sitekeyShape.MatchString(key):
		r.report(at, "needs pk_live_ and 4 to 56 letters, digits, - or _; make one with `relay keygen sitekey`")
	}
}

func (r *reader) checkSecrets(site *Site, at string, seen map[SecretHash]string) {
	if len(site.Secrets) < 1 || len(site.Secrets) > 2 {
		r.report(at, "needs one entry, or two while one replaces the other; make one with `relay keygen secret`")
	}
	for i, hash := range site.Secrets {
		if hash == (SecretHash{}) {
			continue // was reported when it was read
		}
		if hash == exampleSecret {
			r.report(indexed(at, i), "is the example's, and no secret has this hash; make one with `relay keygen secret`")
		} else if first, twice := seen[hash]; twice {
			r.report(indexed(at, i), "%s is the same secret; each must belong to one site, make one with `relay keygen secret`", first)
		}
		seen[hash] = indexed(at, i)
	}
}

func (r *reader) checkOrigins(site *Site, at string) {
	if len(site.Origins) == 0 {
		r.report(at, "missing; list the origins of the pages that show the widget, as in https://www.example.com")
	}
	for i, origin := range site.Origins {
		if first := slices.Index(site.Origins, origin); first < i && origin != "" {
			r.report(indexed(at, i), "is the same origin as %s; remove it", indexed(at, first))
		}
		if origin.ofAnyApp() && !site.RequireTicket {
			r.report(indexed(at, i), "says only that some app asks, for every app may have this origin; set require_ticket: true for the site, or remove it")
		}
	}
}

func (r *reader) checkPurposes(c *Config, site *Site, at string) {
	if len(site.Purposes) == 0 {
		r.report(at, "missing; list the purposes that this site may ask for")
	}
	for i, id := range site.Purposes {
		if _, ok := c.Purposes[id]; !ok {
			r.report(indexed(at, i), "there is no purpose %q; %s", id, choice(c.Purposes))
		}
		if first := slices.Index(site.Purposes, id); first < i {
			r.report(indexed(at, i), "is the same purpose as %s; remove it", indexed(at, first))
		}
	}
}
