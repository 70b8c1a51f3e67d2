package check

import (
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strings"

	"ekycconnect/server/internal/config"
)

// warnings are settings that work and that an operator may still not want,
// a sentence each with what to do.
func warnings(c *config.Config) []string {
	var found []string
	warn := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if strings.HasPrefix(c.PublicURL, "http:") {
		warn("public_url is http: only browsers on this machine can use the relay")
	}
	if host, _, err := net.SplitHostPort(c.AdminListen); err == nil && !loopback(host) {
		warn("admin_listen %s is not this machine alone: keep others away from it, or use 127.0.0.1", c.AdminListen)
	}
	if unseen := unseenVisitors(c); unseen != "" {
		warn("%s", unseen)
	}
	for _, network := range c.TrustedProxies {
		if network.Bits() == 0 {
			warn("trusted_proxies has %s: anybody may claim any address; list your proxies alone", network)
		}
	}
	if c.Log.Level < slog.LevelInfo {
		warn("log.level is debug: a line for every step; use info in production")
	}
	if c.AllowDrafts {
		warn("allow_drafts is on: notices that no native speaker has reviewed are shown to people")
	}
	used, asked := map[string]bool{}, map[string]bool{}
	for _, site := range c.Sites {
		used[site.Account] = true
		for _, id := range site.Purposes {
			asked[id] = true
		}
		for _, origin := range site.Origins {
			if strings.HasPrefix(string(origin), "http:") {
				warn("site %s allows %s: whatever runs on a visitor's machine may pose as the site; remove it in production", site.Name, origin)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		account := c.Accounts[name]
		if !used[name] {
			warn("account %s is used by no site", name)
		}
		if strings.HasPrefix(account.URL, "http:") {
			warn("account %s calls %s, which is on this machine: no real vendor", name, account.URL)
		}
		if strings.HasPrefix(account.ClientID, "free_tier") {
			warn("account %s has a trial client id: the vendor's trial allowance ends", name)
		}
		if info, err := os.Stat(account.SecretFile); err == nil && info.Mode().Perm()&0o007 != 0 {
			warn("everybody on this machine may read %s: chmod 600 %[1]s", account.SecretFile)
		}
	}
	found = append(append(found, c.OTPNotes()...), originTypos(c)...)
	for _, id := range slices.Sorted(maps.Keys(c.Purposes)) {
		if !asked[id] {
			warn("purpose %s is used by no site", id)
		}
	}
	return found
}
