package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Origin is a web origin exactly as a browser writes it in its Origin header:
// scheme, host in lower case and punycode, and the port unless it is the
// scheme's own (RFC 6454 section 6.2, WHATWG URL). An app's web view may send a
// scheme of the app's own, which stands here as it is sent.
type Origin string

// UnmarshalText reads an origin as an operator writes it and gives it the
// browser's form. http is refused except on localhost.
func (o *Origin) UnmarshalText(written []byte) error {
	normal, err := parseOrigin(string(written))
	if err != nil {
		return fmt.Errorf("%s is no origin: %w", strconv.QuoteToASCII(string(written)), err)
	}
	*o = Origin(normal)
	return nil
}

func parseOrigin(written string) (string, error) {
	if strings.Contains(written, "*") {
		return "", errors.New("no wildcards; list each origin in full")
	}
	if written == "null" {
		return "", errors.New("null stands for any sandboxed page or local file; list the page's own origin")
	}
	u, err := url.Parse(written)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return "", errors.New("write scheme and host, as in https://www.example.com")
	}
	if u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(written, "#") {
		return "", errors.New("nothing may follow the host and port, not even a slash, and no user may stand before")
	}
	if appOrigin.MatchString(written) && !webSchemes[u.Scheme] {
		return written, nil
	}
	return originOf(u)
}

// appOrigin is the shape of an origin in a scheme of an app's own, such as
// capacitor://localhost. No engine gives it another form, so none is looked for.
var appOrigin = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://[A-Za-z0-9._-]+(:[1-9][0-9]{0,4})?$`)

// webSchemes have pages, extensions and files of anybody, or no origin at all.
var webSchemes = map[string]bool{
	"http": true, "https": true, "ws": true, "wss": true, "ftp": true, "file": true, "filesystem": true, "data": true, "blob": true,
	"about": true, "javascript": true, "mailto": true, "chrome": true, "chrome-extension": true, "moz-extension": true, "safari-web-extension": true,
}

// ofAnyApp reports whether an origin says only that some app asks, since every
// app may have it: a ticket must then say who the visitor is.
func (o Origin) ofAnyApp() bool {
	scheme, host, _ := strings.Cut(string(o), "://")
	host, _, _ = strings.Cut(host, ":")
	return o != "" && (scheme != "https" && scheme != "http" || host == "localhost")
}

// originOf is the origin of u in the browser's form.
func originOf(u *url.URL) (string, error) {
	host, err := normalHost(u.Hostname())
	if err != nil {
		return "", err
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return "", errors.New("the scheme must be https")
	}
	if u.Scheme == "http" && !isLoopback(host) {
		return "", errors.New("http is allowed on localhost only; use https")
	}
	if strings.HasSuffix(u.Host, ":") {
		return "", errors.New("the port is missing after the colon")
	}
	port := u.Port()
	if port == "" {
		return u.Scheme + "://" + host, nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return "", errors.New("the port must be 1 to 65535")
	}
	if defaultPort(u.Scheme, int(number)) {
		return u.Scheme + "://" + host, nil
	}
	return fmt.Sprintf("%s://%s:%d", u.Scheme, host, number), nil
}

func defaultPort(scheme string, port int) bool {
	return scheme == "https" && port == 443 || scheme == "http" && port == 80
}

// hosts maps names as browsers do (UTS #46, nontransitional), but takes no
// labels that the DNS has not.
var hosts = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true), idna.BidiRule(), idna.VerifyDNSLength(true))

// normalHost gives the host of a URL, without brackets, the browser's form.
func normalHost(host string) (string, error) {
	if strings.Contains(host, ":") {
		addr, err := netip.ParseAddr(host)
		if err != nil || addr.Zone() != "" {
			return "", errors.New("the address in brackets is no IPv6 address")
		}
		return "[" + addr.String() + "]", nil
	}
	ascii, err := hosts.ToASCII(host)
	again, errAgain := hosts.ToASCII(ascii)
	if err != nil || errAgain != nil || again != ascii || strings.HasSuffix(ascii, ".") || !utf8.ValidString(host) {
		return "", errors.New("the host is no domain name")
	}
	// A last label of digits is an IPv4 address to browsers, in whatever form.
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if _, err := strconv.ParseUint(last, 0, 64); err == nil {
		addr, err := netip.ParseAddr(ascii)
		if err != nil {
			return "", errors.New("the host is no IPv4 address in its usual form")
		}
		return addr.String(), nil
	}
	return ascii, nil
}

// isLoopback reports whether host, in the browser's form, is this machine.
func isLoopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "[::1]"
}

// isLoopbackOrigin reports whether origin is, byte for byte, what a browser
// sends for a page of localhost, 127.0.0.1 or [::1] on any port.
func isLoopbackOrigin(origin string) bool {
	scheme, rest, ok := strings.Cut(origin, "://")
	if !ok || scheme != "http" && scheme != "https" {
		return false
	}
	host, port := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && !strings.HasSuffix(rest, "]") {
		host, port = rest[:i], rest[i+1:]
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 || strconv.FormatUint(number, 10) != port || defaultPort(scheme, int(number)) {
			return false
		}
	}
	return isLoopback(host)
}
