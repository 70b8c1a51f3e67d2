package config

import (
	"cmp"
	"errors"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/secret"
)

func (r *reader) checkAccounts(c *Config) {
	if len(c.Accounts) == 0 {
		r.report("accounts", "no account; add one with client_id and client_secret or client_secret_file")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		account, at := c.Accounts[name], "accounts."+name
		r.checkName("accounts", name)
		if account.URL == "" {
			account.URL = VendorURL
		}
		if err := checkVendorURL(account.URL); err != "" {
			r.report(at+".url", "%s", err)
		}
		account.URL = strings.TrimRight(account.URL, "/")
		if account.ClientID == "" {
			r.report(at+".client_id", "missing; the vendor's dashboard shows it")
		}
		account.SecretFile = r.resolve(account.SecretFile)
		account.ClientSecret = r.secretOf(account.ClientSecret, account.SecretFile, at, "client_secret")
		if account.Deadline == 0 {
			account.Deadline = defaultDeadline
		}
		if account.Deadline < time.Second || account.Deadline > 15*time.Second {
			r.report(at+".deadline", "must be 1s to 15s: the widget waits 25 s in all")
		}
		r.checkAllowance(&account, at)
		r.checkOTP(&account, at)
		c.Accounts[name] = account
	}
}

// checkAllowance fills in the plan's numbers.
func (r *reader) checkAllowance(account *Account, at string) {
	own := account.Allowance != pace.Plan{}
	switch {
	case own && account.Plan != "":
		r.report(at+".allowance", "plan is there as well; keep one of them")
	case own:
		if a := account.Allowance; a.PerSecond < 1 || a.PerMinute < 1 || a.PerDay < 1 {
			r.report(at+".allowance", "needs per_second, per_minute and per_day, each at least 1")
		} else if a.PerMinute < a.PerSecond {
			r.report(at+".allowance.per_minute", "is less than per_second, which could never be used; are the two swapped?")
		} else if a.PerDay < a.PerMinute {
			r.report(at+".allowance.per_day", "is less than per_minute, which could never be used; are the two swapped?")
		}
	default:
		plan, err := pace.PlanNamed(cmp.Or(account.Plan, "starter"))
		if err != nil {
			r.report(at+".plan", "needs starter, business, growth or enterprise; for other numbers use allowance")
		}
		account.Allowance = plan
	}
	if _, written := r.places[at+".unticketed_share"]; !written {
		account.UnticketedShare = 0.5
	}
}

// Share is a part of a whole, 0 to 1.
type Share float64

// UnmarshalText reads a decimal number.
func (s *Share) UnmarshalText(written []byte) error {
	f, err := strconv.ParseFloat(string(written), 64)
	if err != nil || !(f > 0 && f <= 1) {
		return errors.New("needs a number above 0, up to 1, such as 0.5")
	}
	*s = Share(f)
	return nil
}

// secretOf is a secret from wherever it is: in the setting of this name, or in
// the file that the setting NAME_file names.
func (r *reader) secretOf(set secret.String, file, at, name string) secret.String {
	_, written := r.places[at+"."+name]
	switch {
	case file == "" && written:
		return set // if it was wrong, that has been said
	case file == "":
		r.report(at, "%s is missing; write ${NAME} and set NAME in the environment, or use %s_file", name, name)
	case written:
		r.report(at+"."+name+"_file", "%s is there as well; keep one of them", name)
	default:
		data, err := readFile(file, 64<<10)
		if err != nil {
			r.report(at+"."+name+"_file", "%s", err)
		} else if text := strings.TrimSpace(string(data)); text == "" {
			r.report(at+"."+name+"_file", "the file is empty; put the secret into it")
		} else {
			return secret.New(text)
		}
	}
	return set
}

// checkVendorURL says what is wrong with a vendor URL, "" if nothing. It does
// not repeat the URL: somebody may have put credentials into it.
func checkVendorURL(written string) string {
	u, err := url.Parse(written)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "needs an address such as " + VendorURL
	case u.User != nil:
		return "credentials must not stand in the URL; use client_id and client_secret"
	case u.Scheme == "https":
		return ""
	case u.Scheme == "http" && (u.Hostname() == "localhost" || isLoopbackAddress(u.Hostname())):
		return ""
	}
	return "must be https: credentials and personal data travel on it (http only to this machine)"
}

func isLoopbackAddress(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
