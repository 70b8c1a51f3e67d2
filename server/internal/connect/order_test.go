package connect_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/limit"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// fault is something wrong with a request A, or with what is around it, and what is
// told of it.
type fault[A any] struct {
	name  string
	code  string
	cause func(t *testing.T, a A)
	early bool // it is caused before the others: it takes a whole relay to cause it
}

// inOrder checks an operation's order of checks: of each fault alone its own code is
// told, and of two the code of the one that comes first in the list.
func inOrder[A any](t *testing.T, start func(*testing.T) A, do func(*testing.T, A) string, faults []fault[A]) {
	t.Helper()
	tried := func(t *testing.T, both ...fault[A]) string {
		a := start(t)
		for _, f := range both {
			if f.early {
				f.cause(t, a)
			}
		}
		for _, f := range slices.Backward(both) { // the first one has the last word on a member of both
			if !f.early {
				f.cause(t, a)
			}
		}
		return do(t, a)
	}
	require.Empty(t, do(t, start(t)), "without a fault it succeeds")
	for i, first := range faults {
		t.Run(first.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { require.Equal(t, first.code, tried(t, first)) })
		})
		for _, second := range faults[i+1:] {
			t.Run(first.name+" before "+second.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { require.Equal(t, first.code, tried(t, first, second)) })
			})
		}
	}
}

// pressed is a decision on its way, and what is wrong with it.
type pressed struct {
	*core
	request *wire.SessionRequest
	from    connect.Visitor
}

func press(t *testing.T) *pressed {
	c := newCore(t)
	return &pressed{core: c, request: c.decision(t), from: page}
}

// usedUp has an address use up what l allows it.
func usedUp(p *pressed) *limit.Limiter {
	l := limit.New(1)
	l.Take(page.Address, p.clock.Now())
	return l
}

func expired(t *testing.T, p *pressed) {
	shown := seal.Presentation{Base: seal.Base{Site: shop, Purpose: opening}, Nonce: "AAAAAAAAAAAAAAAAAAAAAA"}
	var err error
	p.request.Presentation, err = p.Sealer.Seal(&shown, -time.Hour)
	require.NoError(t, err)
}

// the faults that a decision to agree and a decision to decline have in common
var undecided = []fault[*pressed]{
	{name: "sitekey", code: string(wire.UnknownSitekey), cause: func(_ *testing.T, p *pressed) { p.request.Sitekey = "pk_nobody" }},
	{name: "origin", code: string(wire.OriginNotAllowed), cause: func(_ *testing.T, p *pressed) { p.from.Origin = bankOrigin }},
	{name: "purpose", code: string(wire.UnknownPurpose), cause: func(_ *testing.T, p *pressed) { p.request.Purpose = "nothing" }},
	{name: "ticket", code: string(wire.TicketInvalid), cause: func(_ *testing.T, p *pressed) { p.request.Ticket = "x" }},
	{name: "notice", code: string(wire.NoticeChanged), cause: expired},
	{name: "limit", code: string(wire.RateLimited), cause: func(_ *testing.T, p *pressed) {
		p.Limits.Sessions, p.Limits.Declines = usedUp(p), usedUp(p)
	}},
}

var storeFails = fault[*pressed]{name: "commit", code: string(wire.StoreUnavailable), cause: func(_ *testing.T, p *pressed) {
	p.store.Fail(storetest.Commit)
}}

// openBreaker has the vendor be down until it is not asked any more.
func openBreaker(t *testing.T, p *pressed) {
	p.vendor.failAlways(wire.VendorUnavailable)
	for range 5 {
		_, err := p.Begin(t.Context(), p.decision(t), page)
		requireRefusal(t, wire.VendorUnavailable, refusal(t, err).Consent, err)
		require.NotNil(t, refusal(t, err).Consent)
	}
	p.vendor.failAlways("")
}

// What is refused before the admission leaves no trace: nothing is recorded, nobody
// is called.
func TestAConsentIsJudgedInThePromisedOrder(t *testing.T) {
	rejected := func(_ *testing.T, p *pressed) { p.vendor.failAlways(wire.VendorRejected) }
	faults := append(slices.Clone(undecided),
		fault[*pressed]{name: "idempotency", code: string(wire.IdempotencyConflict), early: true, cause: func(t *testing.T, p *pressed) {
			_, err := p.Begin(t.Context(), p.request, page)
			require.NoError(t, err)
			p.request.Actor = wire.Guardian
		}},
		fault[*pressed]{name: "admission", code: string(wire.VendorUnavailable), early: true, cause: openBreaker},
		storeFails,
		// A call that cannot be recorded has no outcome, not even a failure.
		fault[*pressed]{name: "commit of the use", code: string(wire.StoreUnavailable) + ", recorded", cause: func(_ *testing.T, p *pressed) {
			p.vendor.next(func() { p.store.Fail(storetest.Commit) })
		}},
		fault[*pressed]{name: "vendor", code: string(wire.VendorRejected) + ", recorded", cause: rejected},
	)
	inOrder(t, press, func(t *testing.T, p *pressed) string {
		decided, calls := p.decided(t), p.vendor.calls()
		_, err := p.Begin(t.Context(), p.request, p.from)
		refused := refusal(t, err)
		if refused == nil {
			require.Equal(t, decided+1, p.decided(t))
			return ""
		}
		if refused.Consent == nil {
			require.Equal(t, decided, p.decided(t))
			require.Equal(t, calls, p.vendor.calls())
			return string(refused.Code)
		}
		require.Equal(t, decided+1, p.decided(t))
		return string(refused.Code) + ", recorded"
	}, faults)
}

func TestARefusalIsJudgedInThePromisedOrder(t *testing.T) {
	decline := func(t *testing.T, p *pressed) string {
		decided := p.decided(t)
		_, err := p.Decline(t.Context(), &wire.DeclineRequest{Decision: p.request.Decision}, p.from)
		if err == nil {
			decided++
		} else {
			require.Nil(t, refusal(t, err).Consent)
		}
		require.Equal(t, decided, p.decided(t))
		require.Zero(t, p.vendor.calls(), "the vendor is not called")
		return string(codeOf(t, err))
	}
	inOrder(t, press, decline, append(slices.Clone(undecided),
		fault[*pressed]{name: "idempotency", code: string(wire.IdempotencyConflict), early: true, cause: func(t *testing.T, p *pressed) {
			require.Empty(t, decline(t, p))
			p.request.Actor = wire.Guardian
		}},
		storeFails,
	))
}

func TestAViewIsJudgedInThePromisedOrder(t *testing.T) {
	inOrder(t, press, func(t *testing.T, p *pressed) string {
		_, err := p.View(t.Context(), p.request.Sitekey, p.request.Purpose, "", "", p.from)
		return string(codeOf(t, err))
	}, append(slices.Clone(undecided[:3]),
		fault[*pressed]{name: "limit", code: string(wire.RateLimited), cause: func(_ *testing.T, p *pressed) { p.Limits.View = usedUp(p) }},
	))
}

// visit is a session in use.
type visit struct {
	*core
	session, letters string
	given            wire.Consent
	from             connect.Visitor
}

func visited(t *testing.T) *visit {
	c := newCore(t)
	begun := c.begin(t)
	return &visit{core: c, session: begun.Session, letters: "x7Kp2", given: begun.Consent, from: page}
}

// sealed makes a session of its own, which differs by change.
func (v *visit) sealed(t *testing.T, change func(*seal.Session)) {
	var claims seal.Session
	err := v.Sealer.Open(v.session, &claims)
	require.True(t, err == nil || errors.Is(err, seal.ErrExpired), "%v", err)
	change(&claims)
	v.session, err = v.Sealer.SealUntil(&claims, claims.ExpiresAt.Time())
	require.NoError(t, err)
}

// the faults that a reload and an answer have in common
var unresumed = []fault[*visit]{
	{name: "handle", code: string(wire.SessionInvalid), cause: func(_ *testing.T, v *visit) { v.session += "x" }},
	{name: "site", code: string(wire.UnknownSitekey), cause: func(t *testing.T, v *visit) {
		v.sealed(t, func(s *seal.Session) { s.Site = "pk_gone" })
	}},
	{name: "origin", code: string(wire.OriginNotAllowed), cause: func(_ *testing.T, v *visit) { v.from.Origin = bankOrigin }},
	{name: "another page of the site", code: string(wire.SessionInvalid), cause: func(_ *testing.T, v *visit) {
		if v.from.Origin == shopOrigin {
			v.from.Origin = shopApp
		}
	}},
	{name: "limit", code: string(wire.RateLimited), cause: func(_ *testing.T, v *visit) {
		v.Limits.Captchas, v.Limits.Answers = limit.New(1), limit.New(1)
		v.Limits.Captchas.Take(page.Address, v.clock.Now())
		v.Limits.Answers.Take(page.Address, v.clock.Now())
	}},
	{name: "consent", code: string(wire.SessionInvalid), cause: func(t *testing.T, v *visit) {
		v.sealed(t, func(s *seal.Session) { s.ConsentID = "019ab000-0000-7000-8000-000000000000" })
	}},
	{name: "withdrawn", code: string(wire.ConsentWithdrawn), cause: func(t *testing.T, v *visit) { v.withdraw(t, v.given.ID) }},
	// After a seal's own leeway it is still told which consent it was.
	{name: "over", code: string(wire.SessionExpired), cause: func(_ *testing.T, v *visit) { v.clock.Move(time.Hour) }},
}

func TestANewPictureIsJudgedInThePromisedOrder(t *testing.T) {
	inOrder(t, visited, func(t *testing.T, v *visit) string {
		events, calls := len(v.kinds(t, v.given.ID)), v.vendor.calls()
		_, err := v.Reload(t.Context(), &wire.CaptchaRequest{Session: v.session}, v.from)
		if v.vendor.calls() == calls {
			require.Len(t, v.kinds(t, v.given.ID), events)
		}
		return string(codeOf(t, err))
	}, append(slices.Clone(unresumed),
		fault[*visit]{name: "calls", code: string(wire.RateLimited), early: true, cause: func(t *testing.T, v *visit) {
			for range mostCalls - 1 {
				_, err := v.reload(t, v.session)
				require.NoError(t, err)
			}
		}},
		fault[*visit]{name: "admission", code: string(wire.VendorUnavailable), early: true, cause: func(t *testing.T, v *visit) {
			openBreaker(t, &pressed{core: v.core})
		}},
		fault[*visit]{name: "commit of the use", code: string(wire.StoreUnavailable), cause: func(_ *testing.T, v *visit) {
			v.vendor.next(func() { v.store.Fail(storetest.Commit) })
		}},
		fault[*visit]{name: "vendor", code: string(wire.VendorBadAnswer), cause: func(_ *testing.T, v *visit) {
			v.vendor.failAlways(wire.VendorBadAnswer)
		}},
	))
}

func TestAnAnswerIsJudgedInThePromisedOrder(t *testing.T) {
	inOrder(t, visited, func(t *testing.T, v *visit) string {
		reply, err := v.Answer(t.Context(), &wire.AnswerRequest{Session: v.session, Answer: v.letters}, v.from)
		require.Equal(t, err == nil, reply.Token != "")
		require.Equal(t, 1, v.vendor.calls(), "an answer calls nobody")
		require.NotContains(t, v.kinds(t, v.given.ID)[2:], consent.Used)
		return string(codeOf(t, err))
	}, append(slices.Clone(unresumed),
		fault[*visit]{name: "letters", code: string(wire.AnswerInvalid), cause: func(_ *testing.T, v *visit) { v.letters = "234123412346" }},
	))
}

// From the moment that the consent is known, a refusal names it.
func TestWhoIsRefusedLaterIsToldWhichConsentStands(t *testing.T) {
	for _, f := range append(slices.Clone(unresumed[6:]),
		fault[*visit]{name: "letters", code: string(wire.AnswerInvalid), cause: func(_ *testing.T, v *visit) { v.letters = "" }},
	) {
		v := visited(t)
		f.cause(t, v)
		_, err := v.Answer(t.Context(), &wire.AnswerRequest{Session: v.session, Answer: v.letters}, v.from)
		requireRefusal(t, wire.Code(f.code), &v.given, err)
		if f.name != "letters" {
			_, err = v.reload(t, v.session)
			requireRefusal(t, wire.Code(f.code), &v.given, err)
		}
	}
}
