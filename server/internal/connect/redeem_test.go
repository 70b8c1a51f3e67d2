package connect_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// presented is a token that a partner asks about.
type presented struct {
	*core
	connect.Redeem
	given wire.Consent
}

func present(t *testing.T) *presented {
	c := newCore(t)
	token, given := c.token(t)
	return &presented{c, connect.Redeem{Secret: secretOf(shop), Response: token, Subject: "customer", Sitekey: shop}, given}
}

// redeem is the reason for which the token is not redeemed, empty if it is.
func (p *presented) redeem(t *testing.T) string {
	t.Helper()
	redeemed, err := p.Service.Redeem(t.Context(), p.Redeem)
	require.NoError(t, err)
	if redeemed.Success {
		require.Empty(t, redeemed.ErrorCodes)
		return ""
	}
	require.Nil(t, redeemed.Redemption)
	require.Len(t, redeemed.ErrorCodes, 1)
	return redeemed.ErrorCodes[0]
}

// resealed is the token with other claims.
func (p *presented) resealed(t *testing.T, claims *seal.Token) {
	t.Helper()
	var err error
	p.Response, err = p.Sealer.SealUntil(claims, claims.ExpiresAt.Time())
	require.NoError(t, err)
}

// spend redeems the token under a key, whatever is asked later.
func spend(key string) func(*testing.T, *presented) {
	return func(t *testing.T, p *presented) {
		_, err := p.Service.Redeem(t.Context(), connect.Redeem{Secret: secretOf(shop), Response: p.Response, IdempotencyKey: key})
		require.NoError(t, err)
	}
}

const afterTheToken = 5*time.Minute + seal.Skew + time.Millisecond

func TestATokenIsJudgedInThePromisedOrder(t *testing.T) {
	faults := []fault[*presented]{
		{name: "no secret", code: connect.MissingSecret, cause: func(_ *testing.T, p *presented) { p.Secret = "" }},
		{name: "wrong secret", code: connect.InvalidSecret, cause: func(_ *testing.T, p *presented) { p.Secret = "sk_wrong" }},
		{name: "no response", code: connect.MissingResponse, cause: func(_ *testing.T, p *presented) { p.Response = "" }},
		{name: "sentinel", code: connect.NotAToken, cause: func(_ *testing.T, p *presented) { p.Response = ".declined" }},
		{name: "no token", code: connect.InvalidResponse, cause: func(_ *testing.T, p *presented) { p.Response = "x" }},
		{name: "consent of another ledger", code: connect.InvalidResponse, cause: func(t *testing.T, p *presented) {
			var claims seal.Token
			if err := p.Sealer.Open(p.Response, &claims); err == nil || errors.Is(err, seal.ErrExpired) { // else it is no token any more
				claims.ConsentID = "019ab000-0000-7000-8000-000000000000"
				p.resealed(t, &claims)
			}
		}},
		{name: "sitekey", code: connect.SitekeyMismatch, cause: func(_ *testing.T, p *presented) { p.Sitekey = bank }},
		{name: "subject", code: connect.SubjectMismatch, cause: func(_ *testing.T, p *presented) { p.Subject = "another" }},
		{name: "withdrawn", code: connect.Withdrawn, cause: func(t *testing.T, p *presented) { p.withdraw(t, p.given.ID) }},
		{name: "seen", code: connect.AlreadySeen, early: true, cause: spend("another key")},
		{name: "expired", code: connect.ExpiredResponse, cause: func(_ *testing.T, p *presented) { p.clock.Move(afterTheToken) }},
	}
	for name, peek := range map[string]bool{"redeeming": false, "peeking": true} {
		t.Run(name, func(t *testing.T) {
			start := func(t *testing.T) *presented {
				p := present(t)
				p.Peek, p.IdempotencyKey = peek, "one key"
				return p
			}
			inOrder(t, start, func(t *testing.T, p *presented) string {
				events := len(p.kinds(t, p.given.ID))
				told := p.redeem(t)
				if told == "" && !peek {
					events++
				}
				require.Len(t, p.kinds(t, p.given.ID), events)
				return told
			}, faults)

			// A repeat under the key of the first stands between withdrawn and seen.
			p := start(t)
			spend("one key")(t, p)
			p.clock.Move(afterTheToken)
			require.Empty(t, p.redeem(t), "seen and expired, yet a repeat")
			p.Subject = "another"
			require.Equal(t, connect.SubjectMismatch, p.redeem(t))
			p.Subject = ""
			p.withdraw(t, p.given.ID)
			require.Equal(t, connect.Withdrawn, p.redeem(t), "a withdrawn consent has no repeats")
		})
	}
}

func TestATokenIsOfItsSiteAlone(t *testing.T) {
	p := present(t)
	p.Secret, p.Sitekey = secretOf(bank), ""
	require.Equal(t, connect.SitekeyMismatch, p.redeem(t))
	session := p.begin(t).Session
	for _, other := range []string{session, p.Response[:len(p.Response)-1], ""} {
		p.Secret, p.Response = secretOf(shop), other
		require.Contains(t, []string{connect.InvalidResponse, connect.MissingResponse}, p.redeem(t))
	}
}

func TestARepeatIsAnsweredAlikeForAQuarterOfAnHour(t *testing.T) {
	p := present(t)
	p.IdempotencyKey = "one key"
	first, err := p.Service.Redeem(t.Context(), p.Redeem)
	require.NoError(t, err)
	require.True(t, first.Success)
	for range 3 {
		p.clock.Move(5 * time.Minute)
		again, err := p.Service.Redeem(t.Context(), p.Redeem)
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
	p.clock.Move(time.Millisecond)
	require.Equal(t, connect.AlreadySeen, p.redeem(t))
	require.Equal(t, []consent.Kind{consent.Given, consent.Used, consent.RedeemedEvent}, p.kinds(t, p.given.ID))
	require.Equal(t, 1, p.watch.all()[shop+":redeem"], "a repeat is no second step")
}

func TestWithoutAKeyNothingIsRepeated(t *testing.T) {
	p := present(t)
	require.Empty(t, p.redeem(t))
	require.Equal(t, connect.AlreadySeen, p.redeem(t))
}

func TestFiftyRedeemAtOnceAndOneSucceeds(t *testing.T) {
	for _, keyed := range []bool{false, true} { // all under one key: one redemption, told fifty times
		p := present(t)
		if keyed {
			p.IdempotencyKey = "one key"
		}
		replies := make([]connect.Redeemed, 50)
		var all sync.WaitGroup
		for i := range replies {
			all.Go(func() {
				var err error
				replies[i], err = p.Service.Redeem(t.Context(), p.Redeem)
				require.NoError(t, err)
			})
		}
		all.Wait()
		succeeded := slices.DeleteFunc(slices.Clone(replies), func(r connect.Redeemed) bool { return !r.Success })
		if keyed {
			require.Len(t, succeeded, 50)
			for _, reply := range replies {
				require.Equal(t, replies[0], reply)
			}
		} else {
			require.Len(t, succeeded, 1)
		}
		require.Equal(t, []consent.Kind{consent.Given, consent.Used, consent.RedeemedEvent}, p.kinds(t, p.given.ID))
	}
}

// One picture may be answered twice; one of the tokens redeems.
func TestOnePictureRedeemsOnce(t *testing.T) {
	c := newCore(t)
	begun := c.begin(t)
	for i, want := range []string{"", connect.AlreadySeen} {
		reply, err := c.answer(t, begun.Session)
		require.NoError(t, err)
		p := presented{c, connect.Redeem{Secret: secretOf(shop), Response: reply.Token, IdempotencyKey: "one key"}, begun.Consent}
		require.Equal(t, want, p.redeem(t), i)
	}
	reloaded, err := c.reload(t, begun.Session)
	require.NoError(t, err)
	reply, err := c.answer(t, reloaded.Session)
	require.NoError(t, err)
	p := presented{c, connect.Redeem{Secret: secretOf(shop), Response: reply.Token}, begun.Consent}
	require.Empty(t, p.redeem(t), "a new picture is worth a token of its own")
}

func TestWhatATokenIsWorth(t *testing.T) {
	p := present(t)
	p.clock.Move(time.Minute)
	peek := p.Redeem
	peek.Peek = true
	peeked, err := p.Service.Redeem(t.Context(), peek)
	require.NoError(t, err)
	require.Empty(t, p.watch.all()[shop+":redeem"], "peeking is no step")
	redeemed, err := p.Service.Redeem(t.Context(), p.Redeem)
	require.NoError(t, err)
	got := *redeemed.Redemption
	retry := got.Retry
	require.NotEmpty(t, got.Verification)
	got.Retry, got.Verification = "", ""
	shown, _ := p.Notices.Pick(opening, "", "")
	want := connect.Redemption{
		ChallengeTS: p.given.GivenAt, Hostname: "shop.example", Origin: shopOrigin, Sitekey: shop, Purpose: opening,
		VendorPurpose: shown.VendorPurpose, SessionID: "session-1", Captcha: "x7Kp2", TransactionID: "txn-1",
		Consent: connect.RedeemedConsent{
			ID: p.given.ID, GivenAt: p.given.GivenAt, Lang: "en", Subject: "customer", SubjectSource: "page", ReceiptURL: p.given.ReceiptURL,
			Notice: connect.RedeemedNotice{ID: shown.Ref.ID, Version: shown.Ref.Version, SHA256: shown.Ref.SHA256},
		},
	}
	require.Equal(t, want, got)
	want.SessionID, want.Captcha, want.TransactionID = "", "", ""
	require.Equal(t, want, *peeked.Redemption, "peeking tells nothing that the vendor's next step needs")

	require.Equal(t, 1, p.watch.all()[shop+":redeem"])

	// With retry a new picture is to be had under the same consent, as long as the session.
	reloaded, err := p.reload(t, retry)
	require.NoError(t, err)
	require.Equal(t, "picture-2 of session-1", reloaded.Captcha.Data)
	p.Redeem.Response = p.answered(t, reloaded.Session)
	redeemed, err = p.Service.Redeem(t.Context(), p.Redeem)
	require.NoError(t, err)
	require.Equal(t, p.given.ID, redeemed.Consent.ID)
	require.Equal(t, "session-1", redeemed.SessionID)
	require.Equal(t, "txn-2", redeemed.TransactionID, "of the newest picture")
	p.clock.Move(sessionLife - time.Minute)
	p.answered(t, retry)
	p.clock.Move(time.Millisecond)
	for _, handle := range []string{retry, redeemed.Retry} {
		_, err = p.answer(t, handle)
		requireRefusal(t, wire.SessionExpired, &p.given, err)
		_, err = p.reload(t, handle)
		requireRefusal(t, wire.SessionExpired, &p.given, err)
	}
}

// answered is the token of a session.
func (c *core) answered(t *testing.T, session string) string {
	t.Helper()
	reply, err := c.answer(t, session)
	require.NoError(t, err)
	return reply.Token
}

// The notice may have been replaced since; the ledger still has it.
func TestATokenOfANoticeThatIsNoLongerInUse(t *testing.T) {
	p := present(t)
	shown, _ := p.Notices.Pick(opening, "", "")
	newer, err := newCatalogue(loan)
	require.NoError(t, err)
	p.Notices = newer
	redeemed, err := p.Service.Redeem(t.Context(), p.Redeem)
	require.NoError(t, err)
	require.Equal(t, connect.RedeemedNotice{ID: shown.Ref.ID, Version: shown.Ref.Version, SHA256: shown.Ref.SHA256}, redeemed.Consent.Notice)
}

func TestWithoutAStoreNoTokenIsJudged(t *testing.T) {
	for _, peek := range []bool{false, true} {
		p := present(t)
		p.Peek = peek
		require.NoError(t, p.store.Close())
		redeemed, err := p.Service.Redeem(t.Context(), p.Redeem)
		requireRefusal(t, wire.StoreUnavailable, nil, err)
		require.Equal(t, connect.Redeemed{ErrorCodes: []string{connect.InternalVerifier}}, redeemed)
	}
}

// What is not committed is not redeemed, and the token is still good.
func TestSuccessIsToldOnlyAfterItWasRecorded(t *testing.T) {
	p := present(t)
	p.IdempotencyKey = "one key"
	for _, step := range storetest.Steps {
		p.store.Fail(step)
		redeemed, err := p.Service.Redeem(t.Context(), p.Redeem)
		requireRefusal(t, wire.StoreUnavailable, nil, err)
		require.Equal(t, connect.Redeemed{ErrorCodes: []string{connect.InternalVerifier}}, redeemed, step)
		require.NotContains(t, p.kinds(t, p.given.ID), consent.RedeemedEvent, step)
	}
	require.Empty(t, p.redeem(t))
}
