package config

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOriginsTakeTheFormThatBrowsersSend(t *testing.T) {
	for written, normal := range map[string]string{
		"https://www.example.com":          "https://www.example.com",
		"HTTPS://WWW.Example.COM":          "https://www.example.com",
		"https://example.com:443":          "https://example.com",
		"https://example.com:8443":         "https://example.com:8443",
		"https://example.com:08443":        "https://example.com:8443",
		"https://bücher.example":           "https://xn--bcher-kva.example",
		"https://उदाहरण.भारत":              "https://xn--p1b6ci4b4b3a.xn--h2brj9c",
		"https://faß.example":              "https://xn--fa-hia.example",
		"https://203.0.113.7":              "https://203.0.113.7",
		"https://[2001:DB8:0::1]:8443":     "https://[2001:db8::1]:8443",
		"http://localhost:3000":            "http://localhost:3000",
		"http://localhost:80":              "http://localhost",
		"http://127.0.0.1:8080":            "http://127.0.0.1:8080",
		"http://[::1]:8080":                "http://[::1]:8080",
		"https://localhost":                "https://localhost",
		"https://a-b.c--d.example":         "https://a-b.c--d.example",
		"https://xn--bcher-kva.example:80": "https://xn--bcher-kva.example:80",
	} {
		var o Origin
		require.NoError(t, o.UnmarshalText([]byte(written)), written)
		require.EqualValues(t, normal, o, written)
		var again Origin
		require.NoError(t, again.UnmarshalText([]byte(o)))
		require.Equal(t, o, again, "the normal form is stable")
	}
}

func TestWhatIsNoOriginIsRefusedWithAdvice(t *testing.T) {
	for written, advice := range map[string]string{
		"":                               "write scheme and host",
		"null":                           "null stands for any sandboxed page",
		"*":                              "no wildcards",
		"https://*.example.com":          "no wildcards",
		"example.com":                    "write scheme and host",
		"//example.com":                  "the scheme must be https",
		"https://":                       "write scheme and host",
		"https:example.com":              "write scheme and host",
		"https://example.com/":           "not even a slash",
		"https://example.com/app":        "not even a slash",
		"https://example.com?":           "not even a slash",
		"https://example.com#":           "not even a slash",
		"https://user@example.com":       "no user may stand before",
		"http://example.com":             "use https",
		"http://127.0.0.2":               "use https",
		"ftp://example.com":              "the scheme must be https",
		"chrome-extension://abcdef":      "the scheme must be https",
		"file://localhost":               "the scheme must be https",
		"Capacitor://localhost":          "the scheme must be https",
		"capacitor://localhost/":         "not even a slash",
		"capacitor://":                   "write scheme and host",
		"capacitor://u@localhost":        "no user may stand before",
		"capacitor://*":                  "no wildcards",
		"https://example.com:":           "the port is missing",
		"https://example.com:0":          "1 to 65535",
		"https://example.com:65536":      "1 to 65535",
		"https://example.com.":           "no domain name",
		"https://exa mple.com":           "write scheme and host",
		"https://exam_ple.com":           "no domain name",
		"https://-a.example":             "no domain name",
		"https://0x7f.1":                 "no IPv4 address",
		"https://127.1":                  "no IPv4 address",
		"https://[fe80::1%25eth0]":       "no IPv6 address",
		"https://a.example, https://b.x": "write scheme and host",
	} {
		var o Origin
		err := o.UnmarshalText([]byte(written))
		require.ErrorContains(t, err, advice, written)
		require.Empty(t, o)
	}
}

func TestAnAppsOriginIsTakenLetterForLetter(t *testing.T) {
	for _, written := range []string{"capacitor://localhost", "ionic://localhost", "com.bank.app://x", "app://Bank.Example:8080"} {
		var o Origin
		require.NoError(t, o.UnmarshalText([]byte(written)), written)
		require.EqualValues(t, written, o)
		site := Site{Origins: []Origin{o}}
		require.True(t, site.AllowsOrigin(written))
		for _, other := range []string{written + "/", strings.ToUpper(written), "x" + written, written + ".evil.example"} {
			require.False(t, site.AllowsOrigin(other), other)
		}
	}
	_, err := load(t, edit(t, "https://Consent.example.com/ekyc/", "capacitor://localhost"))
	require.ErrorContains(t, err, "public_url")
}

// Any app may send these.
func TestAnOriginOfAnyAppNeedsTickets(t *testing.T) {
	for origin, any := range map[string]bool{
		"capacitor://localhost": true, "app://bank": true, "http://localhost:3000": true, "https://localhost": true,
		"https://www.bank.example": false, "http://127.0.0.1:8080": false, "https://localhost.bank.example": false,
	} {
		text := edit(t, "origins: [https://WWW.bank.example:443]", `origins: ["`+origin+`"]`)
		_, err := load(t, text)
		if any {
			require.ErrorContains(t, err, "relay.yaml:16:15: sites[0].origins[0]: says only that some app asks", origin)
			_, err = load(t, text+"    require_ticket: true\n")
		}
		require.NoError(t, err, origin)
	}
}

func TestASiteAllowsItsOwnOriginsExactly(t *testing.T) {
	site := Site{Origins: []Origin{"https://shop.example.com", "https://shop.example.com:8443"}}
	require.True(t, site.AllowsOrigin("https://shop.example.com"))
	require.True(t, site.AllowsOrigin("https://shop.example.com:8443"))
	for _, origin := range []string{
		"", "null", "https://example.com", "http://shop.example.com", "https://shop.example.com/", "https://shop.example.com:443",
		"https://shop.example.com.", "https://SHOP.example.com", "https://evil-shop.example.com", "https://shop.example.com.evil.example",
		"https://user@shop.example.com", "https://shop.example.com:8444", " https://shop.example.com", "https://shop.example.com ",
		"https://shop.example.com, https://shop.example.com", "http://localhost",
	} {
		require.False(t, site.AllowsOrigin(origin), origin)
	}
}

var sandboxOrigins = map[string]bool{
	"http://localhost": true, "http://localhost:8080": true, "https://localhost": true, "https://localhost:8443": true,
	"http://127.0.0.1:1": true, "http://[::1]": true, "http://[::1]:65535": true, "https://[::1]:8443": true,
	"http://localhost:443": true, "https://localhost:80": true,

	"": false, "null": false, "http://localhost/": false, "http://localhost:80": false, "https://localhost:443": false,
	"http://LOCALHOST": false, "HTTP://localhost": false, "http://localhost:": false, "http://localhost:0": false,
	"http://localhost:080": false, "http://localhost:65536": false, "http://localhost:+1": false, "http://u@localhost": false,
	"http://localhost.": false, "http://localhost.evil.example": false, "http://evil-localhost": false, "http://127.0.0.2": false,
	"http://127.1": false, "http://[0::1]": false, "http://[::1": false, "http://::1": false, "http://[::1]x": false,
	"http://[::1]:": false, "ws://localhost": false, "localhost": false, "http://localhost#": false, "http://localhost?": false,
	"http://localhost:8080, http://localhost": false, "file://": false, "http://": false, "://localhost": false,
}

func TestTheSandboxAllowsEveryPageOfThisMachineAndNoOther(t *testing.T) {
	site := Site{anyLoopback: true}
	for origin, allowed := range sandboxOrigins {
		require.Equal(t, allowed, site.AllowsOrigin(origin), "%q", origin)
	}
}

// Whatever a header holds: what the sandbox lets in is an origin of this
// machine in its normal form, and what a site lets in is in its list.
func FuzzAllowsOrigin(f *testing.F) {
	for origin := range sandboxOrigins {
		f.Add(origin)
	}
	sandbox := Site{anyLoopback: true}
	site := Site{Origins: []Origin{"https://shop.example.com"}}
	f.Fuzz(func(t *testing.T, origin string) {
		require.Equal(t, origin == "https://shop.example.com", site.AllowsOrigin(origin))
		if !sandbox.AllowsOrigin(origin) {
			return
		}
		u, err := url.Parse(origin)
		require.NoError(t, err)
		require.Contains(t, []string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
		require.Nil(t, u.User)
		normal, err := parseOrigin(origin)
		require.NoError(t, err)
		require.Equal(t, normal, origin)
	})
}

// Reading an origin never panics, and its result reads as itself.
func FuzzParseOrigin(f *testing.F) {
	for _, s := range []string{"https://www.example.com", "https://bücher.example", "https://[2001:db8::1]:1", "http://localhost:1", "https://0x7f.1", "capacitor://localhost"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, written string) {
		normal, err := parseOrigin(written)
		if err != nil {
			return
		}
		again, err := parseOrigin(normal)
		require.NoError(t, err)
		require.Equal(t, normal, again)
		if strings.HasPrefix(normal, "http:") || strings.HasPrefix(normal, "https:") {
			require.Equal(t, strings.ToLower(normal), normal)
		}
	})
}
