// Package config reads the relay's settings: one strict YAML file, one file of
// keys, and the sandbox's own settings, which need no file. Every problem of a
// file is reported with its line, its column and what to do about it; nothing
// secret is ever in such a text. server/relay.example.yaml explains each
// setting to operators, and a test keeps it complete.
package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/secret"
)

// Config is everything that an operator sets. What [Load] returns has been
// checked and normalised, and must not be changed.
type Config struct {
	// PublicURL is where browsers and partners reach the relay, without a
	// slash at its end. It may carry a path. https, except on localhost.
	PublicURL string `yaml:"public_url"`
	// Listen is the address for browsers and partners, AdminListen the one
	// for metrics and the causes of readiness; it must not be public.
	Listen      string `yaml:"listen"`
	AdminListen string `yaml:"admin_listen"`
	// TLS serves Listen with a certificate; without one, a proxy in front does.
	TLS TLS `yaml:"tls"`
	// Connections bounds what Listen holds at a time.
	Connections Connections `yaml:"connections"`
	// Data is the directory of the ledger, or with a Store of what one relay keeps
	// for itself. Keys is the keys file, see [Keys].
	// Relative paths are taken from the directory of the configuration file.
	Data string `yaml:"data"`
	Keys string `yaml:"keys"`
	// Store is the database of the ledger that several relays share; none keeps the
	// ledger in Data. Its role needs no right to change tables or to erase:
	// StoreOwner does the first at the start, StoreEraser the second, if they are
	// there.
	Store       StoreURL `yaml:"store"`
	StoreOwner  StoreURL `yaml:"store_owner"`
	StoreEraser StoreURL `yaml:"store_eraser"`
	// TrustedProxies are the peers whose forwarding headers name the client.
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies"`
	Log            Log            `yaml:"log"`
	Lifetimes      Lifetimes      `yaml:"lifetimes"`
	Limits         Limits         `yaml:"limits"`
	Retention      Retention      `yaml:"retention"`
	// AllowDrafts serves languages whose translation nobody has reviewed yet.
	AllowDrafts bool `yaml:"allow_drafts"`

	Accounts map[string]Account        `yaml:"accounts"`
	Purposes map[string]notice.Purpose `yaml:"purposes"`
	Sites    []Site                    `yaml:"sites"`

	// Sandbox is true only for what [Sandbox] made: test sitekeys are served
	// then, and no others.
	Sandbox bool `yaml:"-"`

	keysInData bool // no keys file was named
	file       string
	places     places // of the settings in the file
}

// Problem is a problem of a setting, at its place in the file that was read.
func (c *Config) Problem(setting, format string, args ...any) *Problem {
	return newProblem(c.file, c.places.nearest(setting), setting, fmt.Sprintf(format, args...))
}

// TLS names the files of a certificate with its chain, and of its key. They are
// read again when they change.
type TLS struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Connections says how many connections there may be at a time, in all and from
// one address (IPv4, or an IPv6 /64) that is neither this machine nor one of
// TrustedProxies; package connlimit says how requests of HTTP/2 count. 0 is no bound.
type Connections struct {
	Total      int `yaml:"total"`
	PerAddress int `yaml:"per_address"`
}

// Log says what the program logs, and how the log of consents is named and shown.
type Log struct {
	Level slog.Level `yaml:"level"`
	// Origin names the log of consents and its keys, for ever. Default: host and
	// path of PublicURL and /v1/log; never a port.
	Origin string `yaml:"origin"`
	// Public lets everybody read checkpoints and hashes, which say nothing about
	// anybody. PublishEvery is how often the newest checkpoint is shown; 0 shows
	// each.
	Public       bool          `yaml:"public"`
	PublishEvery time.Duration `yaml:"publish_every"`
	// CopyTo is where each shown checkpoint is posted, to be kept by somebody
	// else; empty: nowhere. CopyPrivate lets it lead into a private network.
	CopyTo      string `yaml:"copy_to"`
	CopyPrivate bool   `yaml:"copy_allow_private"`
}

// Lifetimes says how long things last and how much one consent is worth.
type Lifetimes struct {
	Presentation    time.Duration `yaml:"presentation"`      // a notice shown, until the decision
	Session         time.Duration `yaml:"session"`           // from the consent to the last picture
	Consent         time.Duration `yaml:"consent"`           // from the consent to the last call
	Token           time.Duration `yaml:"token"`             // from the answer to the redemption
	Ticket          time.Duration `yaml:"ticket"`            // default for POST /v1/tickets
	CallsPerConsent int           `yaml:"calls_per_consent"` // vendor calls for pictures
}

// Limits says how often a minute one address (IPv4, or an IPv6 /64) may do a
// thing; all of them at once if it likes. 0 is no limit.
type Limits struct {
	View         int `yaml:"view"`
	Sessions     int `yaml:"sessions"`
	Declines     int `yaml:"declines"`
	Captchas     int `yaml:"captchas"`
	Answers      int `yaml:"answers"`
	WrongSecrets int `yaml:"wrong_secrets"`
}

// DefaultLimits suit a household or a small office behind one address.
var DefaultLimits = Limits{View: 60, Sessions: 10, Declines: 10, Captchas: 20, Answers: 30, WrongSecrets: 10}

// Retention says how long what was recorded is kept.
type Retention struct {
	// Consent is for records of consents and refusals, from the last thing that
	// happened to one. Requests is for what is not part of a record: messages
	// that no partner took.
	Consent  Period `yaml:"consent"`
	Requests Period `yaml:"requests"`
}

// DefaultRetention is seven years for records, as the DPDP Rules 2025 ask of
// consent managers (First Schedule, part B), and one year for the rest (rule 8(3)).
var DefaultRetention = Retention{Consent: Period{Years: 7}, Requests: Period{Years: 1}}

// Account is the partner's account at the vendor.
type Account struct {
	URL          string        `yaml:"url"`
	ClientID     string        `yaml:"client_id"`
	ClientSecret secret.String `yaml:"client_secret"`
	SecretFile   string        `yaml:"client_secret_file"` // its content is in ClientSecret after Load
	Deadline     time.Duration `yaml:"deadline"`           // for one operation, its retries included
	// Plan is the vendor's plan by name; Allowance has its numbers instead,
	// for a contract of your own. After Load, Allowance holds either.
	Plan      string    `yaml:"plan"`
	Allowance pace.Plan `yaml:"allowance"`
	// UnticketedShare is how much of minute and day visitors without a ticket may have
	// used when another one begins, at sites that use tickets.
	UnticketedShare Share `yaml:"unticketed_share"`

	// OTP says who calls generate-otp and verify-otp. OTPDeadline is for one of these
	// calls of the relay's.
	OTP         OTPBy         `yaml:"otp"`
	OTPDeadline time.Duration `yaml:"otp_deadline"`
	// Share is how much of each window the relay may spend where the partner's back end
	// calls the vendor, too; after Load, 1 where it does not.
	Share Share `yaml:"share"`
	// RelayOperator is whom the account's notices must name, since the numbers of more
	// than one company's customers pass through the relay; empty for one.
	RelayOperator string `yaml:"relay_operator"`
}

// VendorURL is the vendor's production host, of its API reference.
const VendorURL = "https://production.deepvue.tech"

// defaults is a Config with everything that has a default.
func defaults() Config {
	return Config{
		Connections: Connections{Total: 8192, PerAddress: 256},
		Listen:      ":8080",
		AdminListen: "127.0.0.1:8081",
		Log:         Log{Public: true, PublishEvery: time.Minute},
		Lifetimes: Lifetimes{
			Presentation: 6 * time.Hour, Session: 10 * time.Minute, Consent: 30 * time.Minute, Token: 5 * time.Minute,
			Ticket: 30 * time.Minute, CallsPerConsent: 10,
		},
		Retention: DefaultRetention,
		Limits:    DefaultLimits,
	}
}

// defaultDeadline is below the 25 s that the widget waits in all.
const defaultDeadline = 10 * time.Second

// Site finds the site with a sitekey.
func (c *Config) Site(sitekey string) (*Site, bool) {
	for i := range c.Sites {
		if c.Sites[i].Sitekey == sitekey {
			return &c.Sites[i], true
		}
	}
	return nil, false
}
