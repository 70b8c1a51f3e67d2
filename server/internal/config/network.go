package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

func (r *reader) checkNetwork(c *Config) {
	if c.PublicURL == "" {
		r.report("public_url", "missing; write the address at which browsers reach the relay, as in https://consent.example.com")
	} else if normal, err := parsePublicURL(c.PublicURL); err != nil {
		r.report("public_url", "%s", err)
	} else {
		c.PublicURL = normal
	}
	for setting, address := range map[string]string{"listen": c.Listen, "admin_listen": c.AdminListen} {
		host, port, err := net.SplitHostPort(address)
		number, numberErr := strconv.ParseUint(port, 10, 16)
		if err != nil || numberErr != nil || strings.Contains(host, "/") {
			r.report(setting, "needs an address and port such as 127.0.0.1:8080, or :8080 for every address")
		} else if number != 0 && setting == "listen" && c.Listen == c.AdminListen {
			r.report("admin_listen", "must differ from listen: what it shows is not for the public")
		}
	}
	c.TLS.CertFile, c.TLS.KeyFile = r.resolve(c.TLS.CertFile), r.resolve(c.TLS.KeyFile)
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		r.report("tls", "needs cert_file and key_file, or neither")
	}
	for name, n := range map[string]int{"total": c.Connections.Total, "per_address": c.Connections.PerAddress} {
		if n < 0 || n > 1_000_000 {
			r.report("connections."+name, "must be 0 (no bound) to 1000000")
		}
	}
	for i, network := range c.TrustedProxies {
		r.checkNetworkOf(network, indexed("trusted_proxies", i))
	}
}

// parsePublicURL gives the relay's own URL without a slash at its end.
func parsePublicURL(written string) (string, error) {
	const shape = "needs an address such as https://consent.example.com or https://example.com/consent"
	u, err := url.Parse(written)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", fmt.Errorf("%s, without user, query or fragment", shape)
	}
	origin, err := originOf(u)
	if err != nil {
		return "", fmt.Errorf("%s: %w", shape, err)
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	if strings.HasSuffix(path, "/v1") {
		return "", errors.New("/v1 begins each route and is added by the relay: write the address without it")
	}
	if path != "" && (strings.Contains(path, "//") || strings.Contains(path, "%") || filepath.Clean(path) != path) {
		return "", fmt.Errorf("%s; its path must be plain", shape)
	}
	return origin + path, nil
}
