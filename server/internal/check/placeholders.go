package check

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"ekycconnect/server/internal/config"
)

// placeholders are settings that are as the example has them, and cannot be meant.
func placeholders(c *config.Config) []string {
	var found []string
	look := func(setting, address string) {
		if u, err := url.Parse(address); err == nil && reserved(u.Hostname()) {
			found = append(found, setting)
		}
	}
	look("public_url", c.PublicURL)
	for i, site := range c.Sites {
		at := fmt.Sprintf("sites[%d]", i)
		for k, origin := range site.Origins {
			look(fmt.Sprintf("%s.origins[%d]", at, k), string(origin))
		}
		for k, to := range site.ReturnURLs {
			look(fmt.Sprintf("%s.return_urls[%d]", at, k), string(to))
		}
		look(at+".webhook_url", site.WebhookURL)
	}
	if len(found) == 0 {
		return nil
	}
	return []string{"names that are kept for examples stand in " + strings.Join(found, ", ") + ": nobody can reach them; write your own"}
}

// reserved tells a name that RFC 2606 keeps for documentation.
func reserved(host string) bool {
	labels := strings.Split(host, ".")
	last := labels[len(labels)-1]
	return len(labels) > 1 && slices.Contains([]string{"example", "invalid"}, last) ||
		len(labels) > 1 && labels[len(labels)-2] == "example" && slices.Contains([]string{"com", "net", "org"}, last)
}

// unseenVisitors warns of a relay that only this machine can reach and that takes
// nobody's word for the visitor's address: whatever comes through a proxy counts as one
// visitor.
func unseenVisitors(c *config.Config) string {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || !loopback(host) || len(c.TrustedProxies) > 0 {
		return ""
	}
	if u, err := url.Parse(c.PublicURL); err != nil || loopback(u.Hostname()) {
		return ""
	}
	return fmt.Sprintf("listen %s is for a proxy on this machine, but trusted_proxies does not name it: all visitors count as one, and the limits by address stop them together; write trusted_proxies: [127.0.0.1/32, ::1/128]", c.Listen)
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
