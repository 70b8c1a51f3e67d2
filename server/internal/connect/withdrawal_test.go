package connect_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

// operation is something that is done with a consent while it is withdrawn.
type operation struct {
	name string
	// prepare says of whose consent it is, and what to do: it gives what came of it,
	// such as a session or a token.
	prepare func(t *testing.T, c *core) (given func() string, do func() (value string, err error))
	until   []string // the last of these moments is the last at which a withdrawal is in time
	refused func(t *testing.T, value string, err error) bool
}

func withdrawnIsTold(t *testing.T, value string, err error) bool {
	if err == nil {
		return false
	}
	require.Equal(t, wire.ConsentWithdrawn, codeOf(t, err))
	require.Empty(t, value)
	return true
}

func failedAsWithdrawn(_ *testing.T, value string, _ error) bool { return value == connect.Withdrawn }

// newest is the consent that was given last, empty if none was.
func (c *core) newest(t *testing.T) string {
	records, _, err := c.other.BySubject(t.Context(), shop, "customer", 1, "")
	require.NoError(t, err)
	if len(records) == 0 {
		return ""
	}
	return records[0].ID
}

func (c *core) redeeming(t *testing.T, r connect.Redeem) (string, error) {
	redeemed, err := c.Redeem(t.Context(), r)
	if !redeemed.Success {
		return redeemed.ErrorCodes[0], err
	}
	return "", err
}

var operations = []operation{
	{"a new consent", func(t *testing.T, c *core) (func() string, func() (string, error)) {
		decision := c.decision(t)
		return func() string { return c.newest(t) }, func() (string, error) { return session(c.Begin(t.Context(), decision, page)) }
	}, []string{"update"}, withdrawnIsTold},
	{"a new consent, the vendor asked twice", func(t *testing.T, c *core) (func() string, func() (string, error)) {
		decision := c.decision(t)
		c.vendor.fail(wire.VendorUnavailable)
		return func() string { return c.newest(t) }, func() (string, error) { return session(c.Begin(t.Context(), decision, page)) }
	}, []string{"update"}, withdrawnIsTold},
	{"a repeat of the consent", func(t *testing.T, c *core) (func() string, func() (string, error)) {
		decision := c.decision(t)
		begun, err := c.Begin(t.Context(), decision, page)
		require.NoError(t, err)
		return func() string { return begun.Consent.ID }, func() (string, error) { return session(c.Begin(t.Context(), decision, page)) }
	}, []string{"update"}, withdrawnIsTold},
	{"a new picture", func(t *testing.T, c *core) (func() string, func() (string, error)) {
		begun := c.begin(t)
		return func() string { return begun.Consent.ID }, func() (string, error) {
			reply, err := c.reload(t, begun.Session)
			return reply.Session, err
		}
	}, []string{"update"}, withdrawnIsTold},
	{"a new picture, the vendor asked twice", func(t *testing.T, c *core) (func() string, func() (string, error)) {
		begun := c.begin(t)
		c.vendor.fail(wire.VendorUnavailable)
		return func() string { return begun.Consent.ID }, func() (string, error) {
			reply, err := c.reload(t, begun.Session)
			return reply.Session, err
		}
	}, []string{"update"}, withdrawnIsTold},
	// The call is made once, and its answer is looked at last before it is sealed.
	{"an OTP", func(t *testing.T, c *core) (func() string, func() (string, error)) {
		token, given := c.token(t)
		redeemed, err := c.Redeem(t.Context(), connect.Redeem{Secret: secretOf(shop), Response: token})
		require.NoError(t, err)
		return func() string { return given.ID }, func() (string, error) {
			sent, err := c.GenerateOTP(t.Context(), c.sites[shop], connect.OTPRequest{
				Verification: redeemed.Verification, IdempotencyKey: "one-key", Typed: "2341 2341 2346"})
			if err != nil {
				return "", err
			}
			return sent.Verification, nil
		}
	}, []string{"events"}, withdrawnIsTold},
	// The token is sealed first: one that was sealed before the withdrawal would be
	// no good, and one that is sealed after it must not be.
	{"an answer", func(t *testing.T, c *core) (func() string, func() (string, error)) {
		begun := c.begin(t)
		return func() string { return begun.Consent.ID }, func() (string, error) {
			reply, err := c.answer(t, begun.Session)
			return reply.Token, err
		}
	}, []string{"sealer", "events"}, withdrawnIsTold},
	{"a redemption", func(t *testing.T, c *core) (func() string, func() (string, error)) {
		token, given := c.token(t)
		return func() string { return given.ID }, func() (string, error) {
			return c.redeeming(t, connect.Redeem{Secret: secretOf(shop), Response: token})
		}
	}, []string{"update"}, failedAsWithdrawn},
	{"a repeat of the redemption", func(t *testing.T, c *core) (func() string, func() (string, error)) {
		token, given := c.token(t)
		redeem := connect.Redeem{Secret: secretOf(shop), Response: token, IdempotencyKey: "one key"}
		_, err := c.redeeming(t, redeem)
		require.NoError(t, err)
		return func() string { return given.ID }, func() (string, error) { return c.redeeming(t, redeem) }
	}, []string{"update"}, failedAsWithdrawn},
	{"a look at a token", func(t *testing.T, c *core) (func() string, func() (string, error)) {
		token, given := c.token(t)
		return func() string { return given.ID }, func() (string, error) {
			return c.redeeming(t, connect.Redeem{Secret: secretOf(shop), Response: token, Peek: true})
		}
	}, []string{"events"}, failedAsWithdrawn},
}

func session(reply *wire.SessionReply, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return reply.Session, nil
}

// The promise, for every moment: from the acknowledgement of a withdrawal on no vendor
// call starts, and no token is made or redeemed. Another relay withdraws whenever the
// operation is about to ask something of the store, the vendor or a clock; the
// vendor of these tests notices a call that begins too late.
func TestAWithdrawalIsInTimeAtEveryMoment(t *testing.T) {
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			moments := o.run(t, -1)
			last := -1
			for i, moment := range moments {
				if slices.Contains(o.until, moment) {
					last = i
				}
			}
			require.Positive(t, last)
			for n := range moments {
				t.Run(fmt.Sprintf("%d %s", n, moments[n]), func(t *testing.T) { o.during(t, n, n <= last) })
			}
		})
	}
}

// run carries the operation out, withdraws at the n-th moment, and lists all moments.
func (o operation) run(t *testing.T, n int) (moments []string) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		_, do := o.prepare(t, c)
		moments = c.allMoments(n, nil, func() {
			value, err := do()
			require.False(t, o.refused(t, value, err))
		})
	})
	return moments
}

// allMoments lists the moments while f runs; at the n-th it runs then.
func (c *core) allMoments(n int, then, f func()) (moments []string) {
	var mu sync.Mutex
	look := func(moment string) {
		mu.Lock()
		defer mu.Unlock()
		if moments = append(moments, moment); len(moments) == n+1 {
			then()
		}
	}
	c.moment.Store(&look)
	f()
	c.moment.Store(nil)
	return moments
}

// during carries the operation out while the consent is withdrawn at the n-th moment.
func (o operation) during(t *testing.T, n int, inTime bool) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		given, do := o.prepare(t, c)
		id := ""
		var value string
		var err error
		c.allMoments(n, func() {
			if id = given(); id != "" {
				c.withdraw(t, id)
			}
		}, func() { value, err = do() })
		if id == "" { // it was not yet given
			require.False(t, o.refused(t, value, err))
			return
		}
		if inTime {
			require.True(t, o.refused(t, value, err), "it is too late to withdraw")
		}
		used := 0
		for _, kind := range c.kinds(t, id) {
			if kind == consent.Used {
				used++
			}
		}
		require.Equal(t, c.vendor.calls(), used, "each call is recorded, also one that was under way")
		// Whatever came out is worth nothing.
		if err == nil && value != "" && !o.refused(t, value, err) {
			_, err = c.reload(t, value)
			require.Contains(t, []wire.Code{wire.ConsentWithdrawn, wire.SessionInvalid}, codeOf(t, err))
			_, err = c.answer(t, value)
			require.Contains(t, []wire.Code{wire.ConsentWithdrawn, wire.SessionInvalid}, codeOf(t, err))
			code, err := c.redeeming(t, connect.Redeem{Secret: secretOf(shop), Response: value})
			require.NoError(t, err)
			require.Contains(t, []string{connect.Withdrawn, connect.InvalidResponse}, code)
		}
	})
}

// While somebody stands in line, and until the moment of the call itself.
func TestAWithdrawalWhileInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		called := map[bool]int{}
		for after := time.Duration(0); after < 1500*time.Millisecond; after += 50 * time.Millisecond {
			c := newCore(t)
			c.withPlan(t, pace.Plan{PerSecond: 1, PerMinute: 100, PerDay: 1000})
			begun := c.begin(t)
			result := make(chan error, 1)
			go func() {
				_, err := c.reload(t, begun.Session)
				result <- err
			}()
			time.Sleep(after)
			c.withdraw(t, begun.Consent.ID)
			err := <-result
			if c.vendor.calls() == 1 {
				requireRefusal(t, wire.ConsentWithdrawn, &begun.Consent, err)
			}
			called[c.vendor.calls() == 2]++
		}
		require.Greater(t, called[false], 15, "the line is a second long")
		require.Positive(t, called[true], "some came too late")
	})
}

// Who waits for the consent's own earlier call finds it withdrawn.
func TestAWithdrawalWhileAnotherCallIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		decision := c.decision(t)
		begun, err := c.Begin(t.Context(), decision, page)
		require.NoError(t, err)
		held, release := c.vendor.hold(t)
		results := make(chan error, 3)
		reload := func() {
			_, err := c.reload(t, begun.Session)
			results <- err
		}
		go reload()
		<-held
		go reload()
		go func() {
			_, err := c.Begin(t.Context(), decision, page)
			results <- err
		}()
		synctest.Wait()
		c.withdraw(t, begun.Consent.ID)
		release()
		for range 3 {
			requireRefusal(t, wire.ConsentWithdrawn, &begun.Consent, <-results)
		}
		require.Equal(t, 2, c.vendor.calls())
	})
}

// A session and a token from before are worth nothing; a second withdrawal is the
// first.
func TestAfterAWithdrawalNothingIsLeft(t *testing.T) {
	c := newCore(t)
	decision := c.decision(t)
	begun, err := c.Begin(t.Context(), decision, page)
	require.NoError(t, err)
	answered, err := c.answer(t, begun.Session)
	require.NoError(t, err)
	c.clock.Move(time.Minute)
	first, err := c.Withdraw(t.Context(), c.sites[shop], begun.Consent.ID)
	require.NoError(t, err)
	require.Equal(t, connect.Withdrawal{ID: begun.Consent.ID, WithdrawnAt: connect.Stamp(c.clock.Now()), ReceiptURL: begun.Consent.ReceiptURL}, first)
	c.clock.Move(time.Minute)
	again, err := c.Withdraw(t.Context(), c.sites[shop], begun.Consent.ID)
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = c.reload(t, begun.Session)
	requireRefusal(t, wire.ConsentWithdrawn, &begun.Consent, err)
	_, err = c.answer(t, begun.Session)
	requireRefusal(t, wire.ConsentWithdrawn, &begun.Consent, err)
	_, err = c.Begin(t.Context(), decision, page)
	requireRefusal(t, wire.ConsentWithdrawn, &begun.Consent, err)
	code, err := c.redeeming(t, connect.Redeem{Secret: secretOf(shop), Response: answered.Token})
	require.NoError(t, err)
	require.Equal(t, connect.Withdrawn, code)
	require.Equal(t, []consent.Kind{consent.Given, consent.Used, consent.WithdrawnEvent}, c.kinds(t, begun.Consent.ID))
	require.Equal(t, 1, c.vendor.calls())
	_, err = c.Begin(t.Context(), c.decision(t), page)
	require.NoError(t, err, "the person may agree anew")
}

// What a withdrawal is refused for, in the order of the checks.
func TestOnlyAConsentOfThePartnersOwnIsWithdrawn(t *testing.T) {
	c := newCore(t)
	given := c.begin(t).Consent
	declined, err := c.Decline(t.Context(), &wire.DeclineRequest{Decision: c.decision(t).Decision}, page)
	require.NoError(t, err)
	for name, row := range map[string]struct {
		site, id string
		code     wire.Code
	}{
		"no id":                     {shop, "x", wire.NotFound},
		"unknown":                   {shop, "019ab000-0000-7000-8000-000000000000", wire.NotFound},
		"another partner's":         {bank, given.ID, wire.NotFound},
		"another partner's refusal": {bank, declined.Consent.ID, wire.NotFound},
		"a refusal":                 {shop, declined.Consent.ID, wire.InvalidRequest},
		"the store fails":           {shop, given.ID, wire.StoreUnavailable},
	} {
		if row.code == wire.StoreUnavailable {
			c.store.Fail("commit")
		}
		_, err := c.Withdraw(t.Context(), c.sites[row.site], row.id)
		requireRefusal(t, row.code, nil, err)
		require.NotContains(t, c.kinds(t, given.ID), consent.WithdrawnEvent, name)
	}
	_, err = c.Withdraw(t.Context(), c.sites[shop], given.ID)
	require.NoError(t, err)
	_, err = c.other.Erase(t.Context(), consent.Erasure{IDs: []string{given.ID}, Via: consent.ViaOperator, Reason: "case"})
	require.NoError(t, err)
	_, err = c.Withdraw(t.Context(), c.sites[shop], given.ID)
	requireRefusal(t, wire.ConsentWithdrawn, nil, err)
}
