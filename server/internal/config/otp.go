package config

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// OTPBy says who makes the calls that follow a picture.
type OTPBy string

const (
	// OTPByRelay: the relay alone has the vendor's key and spends its whole plan.
	OTPByRelay OTPBy = "relay"
	// OTPByPartner: the partner's back end makes them with the same key, and the relay
	// spends a share of the plan.
	OTPByPartner OTPBy = "partner"
)

// UnmarshalText reads one of the two.
func (o *OTPBy) UnmarshalText(written []byte) error {
	*o = OTPBy(written)
	if *o != OTPByRelay && *o != OTPByPartner {
		return errors.New("needs relay, which makes the calls for your back end, or partner, whose back end makes them")
	}
	return nil
}

const (
	// defaultOTPDeadline and the line's 8 s are within the 45 s for which the server writes.
	defaultOTPDeadline = 20 * time.Second
	// defaultShare is about one call in 3.3: what the picture needs of a verification.
	defaultShare = 0.3
)

// checkOTP fills in what concerns the calls that follow a picture.
func (r *reader) checkOTP(a *Account, at string) {
	_, written := r.places[at+".share"]
	if a.OTP == "" {
		a.OTP = OTPByRelay
	}
	if a.OTPDeadline == 0 {
		a.OTPDeadline = defaultOTPDeadline
	}
	if a.OTPDeadline < time.Second || a.OTPDeadline > 30*time.Second {
		r.report(at+".otp_deadline", "must be 1s to 30s: the answer is written within 45 s, 8 s in line included")
	}
	switch {
	case a.OTP == OTPByPartner && !written:
		a.Share = defaultShare
	case a.OTP == OTPByPartner:
	case written:
		r.report(at+".share", "is for accounts with otp: partner; with otp: relay the relay spends the whole plan")
	default:
		a.Share = 1
	}
	if a.OTP == OTPByPartner && a.RelayOperator != "" {
		r.report(at+".relay_operator", "is for accounts with otp: relay; with otp: partner no number passes through the relay")
	}
}

// checkControllers holds the notices of each account against each other: whoever
// operates a relay for several companies handles the numbers of all their customers, who
// must be told.
func (r *reader) checkControllers(c *Config) {
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		account, at := c.Accounts[name], "accounts."+name
		if account.OTP != OTPByRelay {
			continue
		}
		purposes := c.purposesOf(name)
		if account.RelayOperator == "" {
			if all := c.controllers(purposes); len(all) > 1 {
				r.report(at, "its notices are of several controllers (%s), whose customers' Aadhaar numbers pass through one relay: give each an account of its own, or set relay_operator and name it as processor in their notices",
					strings.Join(all, "; "))
			}
			continue
		}
		for _, id := range purposes {
			for _, tag := range slices.Sorted(maps.Keys(c.Purposes[id].Texts)) {
				if !strings.Contains(c.Purposes[id].Texts[tag].Processor, account.RelayOperator) {
					r.report("purposes."+id+".texts."+tag+".processor", "must name %s, who operates the relay (accounts.%s.relay_operator), as in %s and Deepvue",
						account.RelayOperator, name, account.RelayOperator)
				}
			}
		}
	}
}

// purposesOf are those for which an account's sites ask.
func (c *Config) purposesOf(account string) []string {
	asked := map[string]bool{}
	for _, site := range c.Sites {
		for _, id := range site.Purposes {
			if _, there := c.Purposes[id]; there && site.Account == account {
				asked[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(asked))
}

// controllers are the companies of these notices, by their names in English.
func (c *Config) controllers(purposes []string) []string {
	named := map[string]bool{}
	for _, id := range purposes {
		if name := strings.Join(strings.Fields(c.Purposes[id].Texts["en"].Controller), " "); name != "" {
			named[name] = true
		}
	}
	return slices.Sorted(maps.Keys(named))
}

// AllowsBackEnd reports whether a back end at this address may use the site's secret.
func (s *Site) AllowsBackEnd(from netip.Addr) bool {
	return len(s.BackEnds) == 0 || slices.ContainsFunc(s.BackEnds, func(n netip.Prefix) bool { return n.Contains(from.Unmap()) })
}

func (r *reader) checkBackEnds(site *Site, at string) {
	for i, network := range site.BackEnds {
		r.checkNetworkOf(network, indexed(at, i))
	}
}

// checkNetworkOf refuses a range of addresses that is written with an address in it.
func (r *reader) checkNetworkOf(network netip.Prefix, at string) {
	if network.IsValid() && network != network.Masked() {
		r.report(at, "has bits set after its prefix; write %s or %s", network.Masked(), netip.PrefixFrom(network.Addr(), network.Addr().BitLen()))
	}
}

// OTPNotes say what each account with otp: partner means for its operator.
func (c *Config) OTPNotes() (notes []string) {
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		if account := c.Accounts[name]; account.OTP == OTPByPartner {
			notes = append(notes, fmt.Sprintf("account %s has otp: partner: your back end calls generate-otp and verify-otp itself, with the same key; the relay spends %g of each window of the plan, and that both together stay within it is your care as well", name, float64(account.Share)))
		}
	}
	return notes
}
