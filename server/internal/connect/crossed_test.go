package connect_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

// place is where a value was made, or is tried.
type place struct{ site, origin, purpose string }

var places = []place{
	{shop, shopOrigin, opening}, {shop, shopOrigin, loan}, {shop, shopApp, opening},
	{bank, shopOrigin, opening}, // another site, the same page
	{bank, bankOrigin, opening},
}

func (p place) page() connect.Visitor {
	return connect.Visitor{Origin: p.origin, Address: page.Address}
}

func (p place) decision(t *testing.T, c *core) wire.Decision {
	t.Helper()
	shown, err := c.View(t.Context(), p.site, p.purpose, "", "", p.page())
	require.NoError(t, err)
	return wire.Decision{
		Sitekey: p.site, Purpose: p.purpose, Presentation: shown.Presentation, NoticeSHA256: shown.Notice.Ref.SHA256,
		IdempotencyKey: fmt.Sprintf("idempotency-key-%d", keys.Add(1)),
	}
}

// values are one of each kind, made at a place.
func (p place) values(t *testing.T, c *core) map[string]string {
	t.Helper()
	decision := p.decision(t, c)
	begun, err := c.Begin(t.Context(), &wire.SessionRequest{Decision: decision}, p.page())
	require.NoError(t, err)
	answer := func(session string) string {
		answered, err := c.Answer(t.Context(), &wire.AnswerRequest{Session: session, Answer: "abc"}, p.page())
		require.NoError(t, err)
		return answered.Token
	}
	ticket, _, err := c.Ticket(c.sites[p.site], p.purpose, "", 0)
	require.NoError(t, err)
	// What a partner gets back for a new try is a session too.
	spent, err := c.Redeem(t.Context(), connect.Redeem{Secret: secretOf(p.site), Response: answer(begun.Session)})
	require.NoError(t, err)
	reloaded, err := c.Reload(t.Context(), &wire.CaptchaRequest{Session: spent.Retry}, p.page())
	require.NoError(t, err)
	return map[string]string{
		"presentation": decision.Presentation, "session": begun.Session, "retry": spent.Retry, "token": answer(reloaded.Session), "ticket": ticket,
		"verification": spent.Verification,
	}
}

// uses are what a value may be tried as, and where it is good. Of what is not good no
// more is told than that.
var uses = []struct {
	kind   string
	try    func(t *testing.T, c *core, at place, value string) string
	belong func(made, at place) bool
	says   []string
}{
	{"presentation", func(t *testing.T, c *core, at place, v string) string {
		d := at.decision(t, c)
		d.Presentation = v
		_, err := c.Decline(t.Context(), &wire.DeclineRequest{Decision: d}, at.page())
		return string(codeOf(t, err))
	}, func(made, at place) bool { return made.site == at.site && made.purpose == at.purpose }, []string{"invalid_request"}},
	{"ticket", func(t *testing.T, c *core, at place, v string) string {
		d := at.decision(t, c)
		d.Ticket = v
		_, err := c.Decline(t.Context(), &wire.DeclineRequest{Decision: d}, at.page())
		return string(codeOf(t, err))
	}, func(made, at place) bool { return made.site == at.site && made.purpose == at.purpose }, []string{"ticket_invalid"}},
	{"session", func(t *testing.T, c *core, at place, v string) string {
		_, err := c.Answer(t.Context(), &wire.AnswerRequest{Session: v, Answer: "abc"}, at.page())
		return string(codeOf(t, err))
	}, func(made, at place) bool { return made.origin == at.origin }, []string{"session_invalid", "origin_not_allowed"}},
	{"verification", func(t *testing.T, c *core, at place, v string) string {
		_, err := c.GenerateOTP(t.Context(), c.sites[at.site], connect.OTPRequest{
			Verification: v, IdempotencyKey: fmt.Sprintf("idempotency-key-%d", keys.Add(1)), Typed: "234123412346"})
		if code := codeOf(t, err); code != wire.RateLimited { // of its own, whose OTPs are spent
			return string(code)
		}
		return ""
	}, func(made, at place) bool { return made.site == at.site }, []string{"session_invalid"}},
	{"token", func(t *testing.T, c *core, at place, v string) string {
		redeemed, err := c.Redeem(t.Context(), connect.Redeem{Secret: secretOf(at.site), Response: v, Peek: true})
		require.NoError(t, err)
		return fmt.Sprint(append(redeemed.ErrorCodes, "")[0])
	}, func(made, at place) bool { return made.site == at.site }, []string{connect.InvalidResponse, connect.SitekeyMismatch}},
}

func TestNoValueIsWorthAnythingWhereItDoesNotBelong(t *testing.T) {
	c := newCore(t)
	c.sites[bank].AllowsOrigin = among(bankOrigin, shopOrigin)
	tried := 0
	for _, made := range places {
		for kind, value := range made.values(t, c) {
			for _, use := range uses {
				for _, at := range places {
					name := fmt.Sprintf("%s of %v as %s at %v", kind, made, use.kind, at)
					told := use.try(t, c, at, value)
					if same := kind == use.kind || kind == "retry" && use.kind == "session"; same && use.belong(made, at) {
						require.Empty(t, told, name)
					} else {
						require.Contains(t, use.says, told, name)
					}
					tried++
				}
			}
		}
	}
	require.Greater(t, tried, 400)
}
