package config

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheRelayMakesTheCallsUnlessThePartnerDoes(t *testing.T) {
	c, err := load(t, good)
	require.NoError(t, err)
	a := c.Accounts["main"]
	require.Equal(t, []any{OTPByRelay, Share(1), 20 * time.Second}, []any{a.OTP, a.Share, a.OTPDeadline})
	require.Empty(t, c.OTPNotes())

	partner := edit(t, "client_id: live-1", "client_id: live-1\n    otp: partner\n    otp_deadline: 30s")
	c, err = load(t, partner)
	require.NoError(t, err)
	a = c.Accounts["main"]
	require.Equal(t, []any{OTPByPartner, Share(0.3), 30 * time.Second}, []any{a.OTP, a.Share, a.OTPDeadline})
	require.Len(t, c.OTPNotes(), 1)
	require.Contains(t, c.OTPNotes()[0], "account main has otp: partner")
	require.Contains(t, c.OTPNotes()[0], "0.3 of each window")
	c, err = load(t, strings.Replace(partner, "otp: partner", "otp: partner\n    share: 0.45", 1))
	require.NoError(t, err)
	require.Equal(t, Share(0.45), c.Accounts["main"].Share)

	for setting, says := range map[string]string{
		"otp: both":                  "accounts.main.otp: needs relay",
		"otp_deadline: 31s":          "accounts.main.otp_deadline: must be 1s to 30s",
		"share: 0.3":                 "accounts.main.share: is for accounts with otp: partner",
		"otp: partner\n    share: 0": "accounts.main.share: needs a number above 0",
		"otp: partner\n    relay_operator: Somebody": "accounts.main.relay_operator: is for accounts with otp: relay",
	} {
		_, err := load(t, edit(t, "client_id: live-1", "client_id: live-1\n    "+setting))
		require.ErrorContains(t, err, says)
	}
}

func TestAConsentOutlastsItsPictures(t *testing.T) {
	c, err := load(t, good)
	require.NoError(t, err)
	require.Equal(t, 30*time.Minute, c.Lifetimes.Consent)
	_, err = load(t, edit(t, "data: ledger", "data: ledger\nlifetimes: {consent: 9m}"))
	require.ErrorContains(t, err, "lifetimes.consent: must be 10m to 2h")
	c, err = load(t, edit(t, "data: ledger", "data: ledger\nlifetimes: {session: 45m}"))
	require.NoError(t, err)
	require.Equal(t, 45*time.Minute, c.Lifetimes.Consent)
}

func TestBackEndsAreNetworks(t *testing.T) {
	c, err := load(t, edit(t, "account: main", "account: main\n    back_ends: [203.0.113.0/24, 2001:db8::/32]"))
	require.NoError(t, err)
	for address, want := range map[string]bool{
		"203.0.113.9": true, "::ffff:203.0.113.9": true, "2001:db8:1::1": true, "203.0.114.9": false, "127.0.0.1": false, "::1": false,
	} {
		require.Equal(t, want, c.Sites[0].AllowsBackEnd(netip.MustParseAddr(address)), address)
	}
	require.True(t, (&Site{}).AllowsBackEnd(netip.MustParseAddr("198.51.100.1")))
	_, err = load(t, edit(t, "account: main", "account: main\n    back_ends: [203.0.113.9/24]"))
	require.ErrorContains(t, err, "sites[0].back_ends[0]: has bits set after its prefix; write 203.0.113.0/24")
	_, err = load(t, edit(t, "account: main", "account: main\n    back_ends: [somewhere]"))
	require.ErrorContains(t, err, "needs a range of addresses")
}

// Two companies behind one account.
const together = `
  loans:
    version: 1
    texts: {en: {controller: Other Bank Limited, processor: Deepvue}}
`

func TestAnAccountServesOneControllerOrNamesWhoOperatesTheRelay(t *testing.T) {
	two := edit(t, "    texts: {}\n", "    texts: {en: {controller: Example Bank Limited, processor: Deepvue}}"+together)
	two = strings.Replace(two, "purposes: [account-opening]", "purposes: [account-opening, loans]", 1)
	_, err := load(t, two)
	require.ErrorContains(t, err, "accounts.main: its notices are of several controllers (Example Bank Limited; Other Bank Limited)")
	require.ErrorContains(t, err, "relay_operator")

	_, err = load(t, strings.Replace(two, "Other Bank Limited", "Example  Bank Limited", 1))
	require.NoError(t, err, "one company with two notices")
	_, err = load(t, strings.Replace(two, "client_id: live-1", "client_id: live-1\n    otp: partner", 1))
	require.NoError(t, err, "no number passes through the relay")
	_, err = load(t, strings.Replace(two, "account-opening, loans", "account-opening", 1))
	require.NoError(t, err, "nobody asks for the other")

	named := strings.Replace(two, "client_id: live-1", "client_id: live-1\n    relay_operator: Relay Private Limited", 1)
	_, err = load(t, named)
	require.ErrorContains(t, err, "purposes.account-opening.texts.en.processor: must name Relay Private Limited")
	require.ErrorContains(t, err, "purposes.loans.texts.en.processor: must name Relay Private Limited")
	_, err = load(t, strings.ReplaceAll(named, "processor: Deepvue", "processor: Relay Private Limited with Deepvue"))
	require.NoError(t, err)
}

func TestTheSandboxHasOneController(t *testing.T) {
	c, _, err := Sandbox(SandboxOptions{Data: t.TempDir(), PublicURL: "http://localhost:8080", VendorURL: "http://127.0.0.1:9"})
	require.NoError(t, err)
	var r reader
	r.checkControllers(c)
	require.Empty(t, r.problems)
	for _, account := range c.Accounts {
		require.Equal(t, []any{OTPByRelay, Share(1), 20 * time.Second}, []any{account.OTP, account.Share, account.OTPDeadline})
	}
}
