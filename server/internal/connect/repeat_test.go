package connect_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

func TestARepeatWithinTheSessionsLifeIsTheSameConsent(t *testing.T) {
	c := newCore(t)
	decision := c.decision(t)
	first, err := c.Begin(t.Context(), decision, page)
	require.NoError(t, err)
	c.clock.Move(sessionLife) // its last moment
	again, err := c.Begin(t.Context(), decision, page)
	require.NoError(t, err)
	require.Equal(t, first.Consent, again.Consent)
	require.Equal(t, first.ExpiresAt, again.ExpiresAt, "its end does not move")
	require.Zero(t, again.ExpiresIn)
	require.NotEqual(t, first.Session, again.Session)
	require.NotEqual(t, first.Captcha, again.Captcha, "the vendor was called again")
	require.Equal(t, []consent.Kind{consent.Given, consent.Used, consent.Used}, c.kinds(t, first.Consent.ID))
	require.Equal(t, 1, c.decided(t))
	require.Equal(t, map[string]int{shop + ":notice": 1, shop + ":agree": 1, shop + ":captcha": 2, "call:ok": 2, "waited:granted": 2}, c.watch.all())
}

// What a repeat is told when its consent is worth nothing any more, and that nobody
// is called for it. A consent that no longer may be used says the same to a reload.
func TestARepeatOfAConsentThatIsOver(t *testing.T) {
	for name, row := range map[string]struct {
		code wire.Code
		over func(*testing.T, *core, *wire.SessionReply)
	}{
		"session over": {wire.SessionExpired, func(_ *testing.T, c *core, _ *wire.SessionReply) { c.clock.Move(sessionLife + time.Millisecond) }},
		"withdrawn":    {wire.ConsentWithdrawn, func(t *testing.T, c *core, r *wire.SessionReply) { c.withdraw(t, r.Consent.ID) }},
		"withdrawn, session over": {wire.ConsentWithdrawn, func(t *testing.T, c *core, r *wire.SessionReply) {
			c.withdraw(t, r.Consent.ID)
			c.clock.Move(time.Hour)
		}},
		"calls used up": {wire.RateLimited, func(t *testing.T, c *core, r *wire.SessionReply) {
			for range mostCalls - 1 {
				_, err := c.reload(t, r.Session)
				require.NoError(t, err)
			}
		}},
		"calls used up, session over": {wire.SessionExpired, func(t *testing.T, c *core, r *wire.SessionReply) {
			for range mostCalls - 1 {
				_, err := c.reload(t, r.Session)
				require.NoError(t, err)
			}
			c.clock.Move(sessionLife + time.Millisecond)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCore(t)
			decision := c.decision(t)
			begun, err := c.Begin(t.Context(), decision, page)
			require.NoError(t, err)
			row.over(t, c, begun)
			calls := c.vendor.calls()
			_, err = c.Begin(t.Context(), decision, page)
			requireRefusal(t, row.code, &begun.Consent, err)
			_, err = c.reload(t, begun.Session)
			requireRefusal(t, row.code, &begun.Consent, err)
			require.Equal(t, calls, c.vendor.calls())
			require.Equal(t, 1, c.decided(t))
		})
	}
}

func TestAnErasedConsentIsOverToo(t *testing.T) {
	c := newCore(t)
	decision := c.decision(t)
	begun, err := c.Begin(t.Context(), decision, page)
	require.NoError(t, err)
	_, err = c.other.Erase(t.Context(), consent.Erasure{IDs: []string{begun.Consent.ID}, Via: consent.ViaOperator, Reason: "case"})
	require.NoError(t, err)
	_, err = c.reload(t, begun.Session)
	require.Equal(t, wire.ConsentWithdrawn, codeOf(t, err))
	_, err = c.answer(t, begun.Session)
	require.Equal(t, wire.ConsentWithdrawn, codeOf(t, err))
	require.Equal(t, 1, c.vendor.calls())
}

// A key is worth one request, with all its members; and its site and kind of
// decision.
func TestAKeyIsWorthOneRequest(t *testing.T) {
	c := newCore(t)
	ticket, _, err := c.Ticket(c.sites[shop], "", "customer", 0)
	require.NoError(t, err)
	first := c.decision(t, func(d *wire.Decision) {
		d.Actor, d.Client = wire.Self, &wire.Client{Channel: "widget", Version: "1", Build: "b"}
	})
	_, err = c.Begin(t.Context(), first, page)
	require.NoError(t, err)
	for name, change := range map[string]func(*wire.SessionRequest){
		"another subject":      func(r *wire.SessionRequest) { r.Subject = "another" },
		"no subject":           func(r *wire.SessionRequest) { r.Subject = "" },
		"a ticket":             func(r *wire.SessionRequest) { r.Subject, r.Ticket = "", ticket },
		"another actor":        func(r *wire.SessionRequest) { r.Actor = wire.Guardian },
		"no actor":             func(r *wire.SessionRequest) { r.Actor = "" },
		"no client":            func(r *wire.SessionRequest) { r.Client = nil },
		"another version":      func(r *wire.SessionRequest) { r.Client = &wire.Client{Channel: "widget", Version: "2", Build: "b"} },
		"another build":        func(r *wire.SessionRequest) { r.Client = &wire.Client{Channel: "widget", Version: "1", Build: "c"} },
		"another channel":      func(r *wire.SessionRequest) { r.Client = &wire.Client{Channel: "hosted", Version: "1", Build: "b"} },
		"another presentation": func(r *wire.SessionRequest) { r.Presentation = c.decision(t).Presentation },
		"another notice": func(r *wire.SessionRequest) {
			shown, err := c.View(t.Context(), shop, loan, "", "", page)
			require.NoError(t, err)
			r.Purpose, r.Presentation, r.NoticeSHA256 = loan, shown.Presentation, shown.Notice.Ref.SHA256
		},
	} {
		changed := *first
		change(&changed)
		_, err := c.Begin(t.Context(), &changed, page)
		requireRefusal(t, wire.IdempotencyConflict, nil, err)
		require.Equal(t, 1, c.decided(t), name)
	}
	require.Equal(t, 1, c.vendor.calls())
	_, err = c.Decline(t.Context(), &wire.DeclineRequest{Decision: first.Decision}, page)
	require.NoError(t, err, "the person may refuse under the same key")
	shown, err := c.View(t.Context(), bank, opening, "", "", bankPage)
	require.NoError(t, err)
	elsewhere := wire.Decision{Sitekey: bank, Purpose: opening, Presentation: shown.Presentation, NoticeSHA256: shown.Notice.Ref.SHA256, IdempotencyKey: first.IdempotencyKey}
	_, err = c.Begin(t.Context(), &wire.SessionRequest{Decision: elsewhere}, bankPage)
	require.NoError(t, err, "another site's key")
	require.Equal(t, 3, c.decided(t))
}

func TestARefusalIsRecordedOnceUnderAKey(t *testing.T) {
	c := newCore(t)
	declined := &wire.DeclineRequest{Decision: c.decision(t).Decision, Alternative: "other-id"}
	first, err := c.Decline(t.Context(), declined, page)
	require.NoError(t, err)
	c.clock.Move(time.Second)
	again, err := c.Decline(t.Context(), declined, page)
	require.NoError(t, err)
	require.Equal(t, first, again)
	record, err := c.other.Record(t.Context(), first.Consent.ID)
	require.NoError(t, err)
	require.Contains(t, string(record.Body), `"alternative_chosen":"other-id"`)
	require.Equal(t, 1, c.watch.all()[shop+":decline"])
	other := *declined
	other.Alternative = "another"
	_, err = c.Decline(t.Context(), &other, page)
	requireRefusal(t, wire.IdempotencyConflict, nil, err)
	require.Equal(t, 1, c.decided(t))
}

// While the first is with the vendor, repeats wait for its answer; who has changed a
// member is told at once.
func TestARepeatJoinsTheFirstWhileItIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		decision := c.decision(t)
		held, release := c.vendor.hold(t)
		replies := make([]*wire.SessionReply, 5)
		var all sync.WaitGroup
		for i := range replies {
			all.Go(func() {
				var err error
				replies[i], err = c.Begin(t.Context(), decision, page)
				require.NoError(t, err)
			})
		}
		<-held
		synctest.Wait() // all others wait
		changed := *decision
		changed.Subject = "another"
		_, err := c.Begin(t.Context(), &changed, page)
		requireRefusal(t, wire.IdempotencyConflict, nil, err)
		release()
		all.Wait()
		for _, reply := range replies {
			require.Equal(t, replies[0], reply)
		}
		require.Equal(t, 1, c.vendor.calls())
		require.Equal(t, 1, c.decided(t))
	})
}

// Two requests with one key, before either is recorded: one of them is.
func TestOfTwoThatRaceForAKeyOneIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		one := c.decision(t)
		other := *one
		other.Subject = "another"
		held, commit := c.store.Hold()
		results := make([]error, 2)
		var all sync.WaitGroup
		for i, r := range []*wire.SessionRequest{one, &other} {
			all.Go(func() { _, results[i] = c.Begin(t.Context(), r, page) })
		}
		<-held
		synctest.Wait()
		commit()
		all.Wait()
		require.ElementsMatch(t, []wire.Code{"", wire.IdempotencyConflict}, []wire.Code{codeOf(t, results[0]), codeOf(t, results[1])})
		require.Equal(t, 1, c.decided(t))
		require.Equal(t, 1, c.vendor.calls())
	})
}

// Who leaves gives up the wait, not the others' call.
func TestWhoLeavesDoesNotCancelThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		decision := c.decision(t)
		held, release := c.vendor.hold(t)
		impatient, leave := context.WithCancel(t.Context())
		left, stayed := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := c.Begin(impatient, decision, page)
			left <- err
		}()
		<-held
		go func() {
			_, err := c.Begin(t.Context(), decision, page)
			stayed <- err
		}()
		synctest.Wait()
		leave()
		synctest.Wait()
		release()
		require.NoError(t, <-stayed)
		require.Equal(t, wire.VendorTimeout, codeOf(t, <-left), "it is no internal error")
		require.Equal(t, 1, c.vendor.calls())
	})
}

// A call for nobody is broken off, and recorded all the same; the repeat takes the
// consent up.
func TestWhenAllHaveLeftTheCallIsBrokenOffAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		decision := c.decision(t)
		held, _ := c.vendor.hold(t)
		impatient, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := c.Begin(impatient, decision, page)
			left <- err
		}()
		<-held
		leave()
		select {
		case err := <-left:
			require.Equal(t, wire.VendorTimeout, codeOf(t, err))
		case <-time.After(time.Minute):
			require.Fail(t, "the call goes on though nobody waits for it")
		}
		begun, err := c.Begin(t.Context(), decision, page)
		require.NoError(t, err)
		require.Equal(t, []consent.Kind{consent.Given, consent.Used, consent.Used}, c.kinds(t, begun.Consent.ID))
	})
}

// Until the use of a call that was broken off is recorded, the repeat calls nobody: it
// would not know how many calls are left.
func TestARepeatWaitsForTheUseOfACallThatWasBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		decision := c.decision(t)
		held, _ := c.vendor.hold(t)
		impatient, leave := context.WithCancel(t.Context())
		left, repeated := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := c.Begin(impatient, decision, page)
			left <- err
		}()
		<-held
		writing, write := c.store.Hold()
		leave()
		<-writing
		go func() {
			_, err := c.Begin(t.Context(), decision, page)
			repeated <- err
		}()
		time.Sleep(time.Second)
		require.Equal(t, 1, c.vendor.calls())
		write()
		require.Error(t, <-left)
		require.NoError(t, <-repeated)
		require.Equal(t, 2, c.vendor.calls())
	})
}

// The vendor is asked for one picture at a time under one consent.
func TestTwoReloadsOfOneConsentAreOneCallAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		session := c.begin(t).Session
		held, release := c.vendor.hold(t)
		results := make(chan error, mostCalls)
		reload := func() {
			_, err := c.reload(t, session)
			results <- err
		}
		go reload()
		<-held
		for range mostCalls - 1 {
			go reload()
		}
		synctest.Wait()
		require.Equal(t, 2, c.vendor.calls())
		_, err := c.answer(t, session)
		require.NoError(t, err, "an answer waits for nobody")
		release()
		var codes []wire.Code
		for range mostCalls {
			codes = append(codes, codeOf(t, <-results))
		}
		require.ElementsMatch(t, []wire.Code{"", "", "", wire.RateLimited}, codes, "of %d calls one was spent before", mostCalls)
	})
}

// Whoever asks for more pictures of one consent meanwhile waits outside the line: a
// slot that is held there is one that others miss.
func TestWhoWaitsForTheirOwnConsentHoldsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		c.withPlan(t, pace.Plan{PerSecond: 10, PerMinute: 4, PerDay: 100})
		session := c.begin(t).Session
		held, release := c.vendor.hold(t)
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() { _, _ = c.Reload(ctx, &wire.CaptchaRequest{Session: session}, page) })
		}
		<-held
		synctest.Wait()
		c.begin(t) // who begins needs a slot and what is expected to follow
		leave()
		release()
		all.Wait()
		require.Equal(t, 3, c.vendor.calls())
	})
}

// What could not be recorded was neither given nor refused; the key is still good.
func TestWithoutACommittedConsentTheVendorIsNotCalled(t *testing.T) {
	steps := slices.DeleteFunc(slices.Clone(storetest.Steps), func(s storetest.Step) bool { return s == storetest.Events }) // a decision asks for none
	for _, step := range steps {
		c := newCore(t)
		decision := c.decision(t)
		c.store.Fail(step)
		_, err := c.Begin(t.Context(), decision, page)
		requireRefusal(t, wire.StoreUnavailable, nil, err)
		require.Positive(t, refusal(t, err).RetryAfter)
		c.store.Fail(step)
		_, err = c.Decline(t.Context(), &wire.DeclineRequest{Decision: decision.Decision}, page)
		requireRefusal(t, wire.StoreUnavailable, nil, err)
		require.Zero(t, c.decided(t), step)
		require.Zero(t, c.vendor.calls(), step)
		_, err = c.Begin(t.Context(), decision, page)
		require.NoError(t, err)
	}
}

// A call that could not be recorded gives no picture, and says that it was made.
func TestWithoutARecordedUseNoPictureIsShown(t *testing.T) {
	c := newCore(t)
	decision := c.decision(t)
	c.vendor.next(func() { c.store.Fail(storetest.Commit) })
	_, err := c.Begin(t.Context(), decision, page)
	refused := refusal(t, err)
	require.Equal(t, wire.StoreUnavailable, refused.Code)
	require.Contains(t, refused.Detail, "the vendor was called, which could not be recorded")
	require.Equal(t, []consent.Kind{consent.Given}, c.kinds(t, refused.Consent.ID))
	begun, err := c.Begin(t.Context(), decision, page)
	require.NoError(t, err)
	require.Equal(t, *refused.Consent, begun.Consent)
}

// The store may go away between the commit and the call: the consent is recorded, and
// the refusal says so.
func TestAConsentThatCannotBeReadAgainIsRecordedAllTheSame(t *testing.T) {
	c := newCore(t)
	decision := c.decision(t)
	c.onMoment("vendor", 1, func() { c.rows.broken.Store(true) })
	_, err := c.Begin(t.Context(), decision, page)
	c.rows.broken.Store(false)
	refused := refusal(t, err)
	require.Equal(t, wire.StoreUnavailable, refused.Code)
	require.Contains(t, refused.Detail, "the consent is recorded")
	require.NotNil(t, refused.Consent)
	require.Zero(t, c.vendor.calls())
	begun, err := c.Begin(t.Context(), decision, page)
	require.NoError(t, err)
	require.Equal(t, *refused.Consent, begun.Consent)
}

// A mistake in the vendor's client is an internal error for all who wait, and tells
// nothing of what it was about.
func TestAPanicIsAnInternalError(t *testing.T) {
	c := newCore(t)
	c.onMoment("vendor", 1, func() { panic("canary") })
	_, err := c.Begin(t.Context(), c.decision(t), page)
	require.ErrorContains(t, err, "panic of type string")
	require.NotContains(t, err.Error(), "canary")
}
