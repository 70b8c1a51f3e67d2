package config

import (
	"net/url"
	"regexp"
	"time"
)

// originShape is what can name a log: host and path, without scheme and port.
var originShape = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(/[A-Za-z0-9._~-]+)*$`)

// checkLog checks how the log is shown, and names it unless it has a name.
func (r *reader) checkLog(c *Config) {
	if c.Log.Origin == "" {
		if u, err := url.Parse(c.PublicURL); err == nil {
			c.Log.Origin = u.Hostname() + u.Path + "/v1/log"
		}
	} else if len(c.Log.Origin) > 200 || !originShape.MatchString(c.Log.Origin) {
		r.report("log.origin", "needs a name such as consent.example.com/v1/log: host and path, without scheme and port")
	}
	if c.Log.CopyTo != "" {
		if err := checkWebhookURL(c.Log.CopyTo, c.Log.CopyPrivate); err != "" {
			r.report("log.copy_to", "%s", err)
		}
	} else if c.Log.CopyPrivate {
		r.report("log.copy_allow_private", "does nothing without copy_to")
	}
	if d := c.Log.PublishEvery; d < 0 || d > 24*time.Hour {
		r.report("log.publish_every", "must be 0s to 24h")
	}
}
