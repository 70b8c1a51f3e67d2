package connect_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

// withPlan gives the account a plan.
func (c *core) withPlan(t *testing.T, plan pace.Plan) {
	c.Accounts[account] = newAccount(t, c.vendor, plan)
}

// requireNothing checks that a refused decision left nothing behind.
func requireNothing(t *testing.T, c *core, decision *wire.SessionRequest) {
	t.Helper()
	records, _, err := c.other.BySubject(t.Context(), shop, decision.Subject, 0, "")
	require.NoError(t, err)
	require.Empty(t, records)
}

func named(subject string) func(*wire.Decision) {
	return func(d *wire.Decision) { d.Subject = subject }
}

func TestTheLineLetsAsManyCallsGoAsThereAreConnections(t *testing.T) {
	require.Equal(t, deepvue.Connections, pace.MostOnWay)
}

func TestAnUnknownAccountIsTheOperatorsMistake(t *testing.T) {
	c := newCore(t)
	delete(c.Accounts, account)
	decision := c.decision(t)
	_, err := c.Begin(t.Context(), decision, page)
	requireRefusal(t, wire.VendorRejected, nil, err)
	requireNothing(t, c, decision)
}

// Five failures in a row, tries of one call together, open the breaker; it lets one
// call through after 5 s, and what comes of that decides.
func TestWhileTheBreakerIsOpenNothingIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		decision := c.decision(t)
		session, err := c.Begin(t.Context(), decision, page)
		require.NoError(t, err)
		openBreaker(t, &pressed{core: c})
		require.Equal(t, "open", c.Accounts[account].Breaker())
		require.Equal(t, []string{"the vendor does not answer account main: it is asked again every 5s"}, c.Degraded())
		calls := c.vendor.calls()
		late := c.decision(t, named("late"))
		_, err = c.Begin(t.Context(), late, page)
		requireRefusal(t, wire.VendorUnavailable, nil, err)
		require.Equal(t, 5*time.Second, refusal(t, err).RetryAfter)
		requireNothing(t, c, late)
		_, err = c.Begin(t.Context(), decision, page)
		requireRefusal(t, wire.VendorUnavailable, &session.Consent, err)
		_, err = c.reload(t, session.Session)
		requireRefusal(t, wire.VendorUnavailable, &session.Consent, err)
		require.Equal(t, calls, c.vendor.calls())

		time.Sleep(5*time.Second + time.Millisecond)
		c.vendor.fail(wire.VendorTimeout)
		_, err = c.Begin(t.Context(), late, page)
		require.Equal(t, wire.VendorTimeout, codeOf(t, err))
		require.Equal(t, "open", c.Accounts[account].Breaker(), "one failure is enough now")
		time.Sleep(5*time.Second + time.Millisecond)
		_, err = c.Begin(t.Context(), late, page)
		require.NoError(t, err)
		require.Equal(t, "closed", c.Accounts[account].Breaker())
		require.Empty(t, c.Degraded())
	})
}

// Which outcomes say that the vendor is not there.
func TestOnlyAVendorThatIsNotThereOpensTheBreaker(t *testing.T) {
	for code, opens := range map[wire.Code]bool{
		wire.VendorUnavailable: true, wire.VendorTimeout: true,
		wire.VendorBusy: false, wire.VendorRejected: false, wire.VendorBadAnswer: false,
	} {
		c := newCore(t)
		c.vendor.failAlways(code)
		for range 5 {
			_, err := c.Begin(t.Context(), c.decision(t), page)
			require.Equal(t, code, codeOf(t, err))
		}
		require.Equal(t, opens, c.Accounts[account].Breaker() == "open", code)
	}
}

// Of a visitor who leaves nothing is learnt of the vendor: else those who lose
// patience with one that hangs would keep the breaker closed.
func TestWhoLeavesDoesNotKeepTheBreakerClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		failing := func(times int) {
			for range times {
				c.vendor.fail(wire.VendorTimeout)
				_, err := c.Begin(t.Context(), c.decision(t), page)
				require.Equal(t, wire.VendorTimeout, codeOf(t, err))
			}
		}
		failing(4)
		held, _ := c.vendor.hold(t)
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := c.Begin(ctx, c.decision(t), page)
			left <- err
		}()
		<-held
		leave()
		require.Error(t, <-left)
		require.Equal(t, "closed", c.Accounts[account].Breaker())
		failing(1)
		require.Equal(t, "open", c.Accounts[account].Breaker())
	})
}

// A vendor that refuses the account is told to the operator until it takes a call.
func TestARefusedAccountIsDegradedUntilTheVendorTakesItAgain(t *testing.T) {
	c := newCore(t)
	for _, row := range []struct {
		code     wire.Code
		degraded []string
	}{
		{"", nil},
		{wire.VendorRejected, []string{"the vendor refuses account main (credentials): check its credentials and its plan"}},
		{wire.VendorTimeout, []string{"the vendor has refused account main, and fails otherwise since then (deadline)"}},
		{wire.VendorRejected, []string{"the vendor refuses account main (credentials): check its credentials and its plan"}},
		{"", nil},
	} {
		c.vendor.failAlways(row.code)
		_, err := c.Begin(t.Context(), c.decision(t), page)
		require.Equal(t, row.code, codeOf(t, err))
		require.Equal(t, row.degraded, c.Degraded(), row.code)
	}
}

// away is the store of an allowance whose database does not answer.
type away struct{ pace.Store }

func (away) Turn(context.Context, func(pace.News) pace.Decision) error {
	return errors.New("no connection")
}
func (away) Terms() pace.Terms { return pace.Database }

func TestADatabaseThatIsAwayIsNotABusyVendor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		line, err := pace.New(pace.Plan{PerSecond: 1, PerMinute: 1, PerDay: 1000}, away{pace.NewMemory(nil)}, pace.Options{})
		require.NoError(t, err)
		defer line.Close()
		c.Accounts[account] = connect.NewAccount(c.vendor, line)
		decision := c.decision(t, named("early"))
		_, err = c.Begin(t.Context(), decision, page)
		requireRefusal(t, wire.StoreUnavailable, nil, err)
		requireNothing(t, c, decision)
		require.Equal(t, 1, c.watch.all()["waited:store"])
		require.Zero(t, c.watch.all()["waited:busy"])
	})
}

func TestWithoutASlotNothingIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		c.withPlan(t, pace.Plan{PerSecond: 2, PerMinute: 2, PerDay: 1000})
		begun := c.begin(t)
		_, err := c.reload(t, begun.Session)
		require.NoError(t, err)
		late := c.decision(t, named("late"))
		_, err = c.Begin(t.Context(), late, page)
		requireRefusal(t, wire.VendorBusy, nil, err)
		require.InDelta(t, 60, refusal(t, err).RetryAfter.Seconds(), 2)
		requireNothing(t, c, late)
		_, err = c.reload(t, begun.Session)
		requireRefusal(t, wire.VendorBusy, &begun.Consent, err)
		require.Equal(t, 2, c.vendor.calls())
		require.Equal(t, 2, c.watch.all()["waited:busy"])
		require.Zero(t, c.Accounts[account].Waiting())
		time.Sleep(refusal(t, err).RetryAfter)
		_, err = c.Begin(t.Context(), late, page)
		require.NoError(t, err, "Retry-After was the truth")
	})
}

// A slot that was not spent is free for the next, whatever came between it and the
// call: of three calls a minute, two who begin get one each.
func TestASlotThatWasNotSpentIsGivenBack(t *testing.T) {
	for name, spoil := range map[string]func(*testing.T, *core){
		"the commit fails": func(t *testing.T, c *core) {
			c.store.Fail(storetest.Commit)
			_, err := c.Begin(t.Context(), c.decision(t), page)
			requireRefusal(t, wire.StoreUnavailable, nil, err)
		},
		"another request has used the key meanwhile": func(t *testing.T, c *core) {
			one := c.decision(t)
			other := *one
			other.Subject = "another"
			held, commit := c.store.Hold()
			results := make(chan error, 2)
			for _, r := range []*wire.SessionRequest{one, &other} {
				go func() {
					_, err := c.Begin(t.Context(), r, page)
					results <- err
				}()
			}
			<-held
			synctest.Wait()
			commit()
			require.ElementsMatch(t, []wire.Code{"", wire.IdempotencyConflict}, []wire.Code{codeOf(t, <-results), codeOf(t, <-results)})
		},
		"the ticket is spent": func(t *testing.T, c *core) {
			ticket, _, err := c.Ticket(c.sites[shop], "", "", 0)
			require.NoError(t, err)
			for _, want := range []wire.Code{"", wire.TicketInvalid} {
				_, err = c.Begin(t.Context(), c.decision(t, func(d *wire.Decision) { d.Ticket, d.Subject = ticket, "" }), page)
				require.Equal(t, want, codeOf(t, err))
			}
		},
		"the consent is withdrawn": func(t *testing.T, c *core) {
			begun := c.begin(t)
			c.onMoment("events", 3, func() { c.withdraw(t, begun.Consent.ID) })
			_, err := c.reload(t, begun.Session)
			requireRefusal(t, wire.ConsentWithdrawn, &begun.Consent, err)
		},
		"the store cannot be read": func(t *testing.T, c *core) {
			begun := c.begin(t)
			c.onMoment("events", 3, func() { c.rows.broken.Store(true) })
			_, err := c.reload(t, begun.Session)
			c.rows.broken.Store(false)
			requireRefusal(t, wire.StoreUnavailable, &begun.Consent, err)
		},
		"the visitor leaves before the commit": func(t *testing.T, c *core) {
			held, commit := c.store.Hold()
			ctx, leave := context.WithCancel(t.Context())
			left := make(chan error, 1)
			go func() {
				_, err := c.Begin(ctx, c.decision(t), page)
				left <- err
			}()
			<-held
			// Another's commit is held up; the visitor's waits behind it.
			leave()
			require.Equal(t, wire.VendorTimeout, codeOf(t, <-left))
			commit()
			synctest.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCore(t)
				c.withPlan(t, pace.Plan{PerSecond: 3, PerMinute: 3, PerDay: 1000})
				begin := time.Now()
				spoil(t, c)
				for c.vendor.calls() < 2 {
					_, err := c.Begin(t.Context(), c.decision(t), page)
					require.NoError(t, err)
				}
				_, err := c.Begin(t.Context(), c.decision(t), page)
				require.Equal(t, wire.VendorBusy, codeOf(t, err))
				require.Less(t, time.Since(begin), 10*time.Second, "nobody waited for a new minute")
				require.Equal(t, "closed", c.Accounts[account].Breaker())
			})
		})
	}
}

// The one call that a half-open breaker lets through is given back too.
func TestTheBreakersProbeIsGivenBackUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		openBreaker(t, &pressed{core: c})
		time.Sleep(5*time.Second + time.Millisecond)
		c.store.Fail(storetest.Commit)
		_, err := c.Begin(t.Context(), c.decision(t), page)
		require.Equal(t, wire.StoreUnavailable, codeOf(t, err))
		require.Equal(t, "half-open", c.Accounts[account].Breaker(), "nothing was learnt")
		_, err = c.Begin(t.Context(), c.decision(t), page)
		require.NoError(t, err)
	})
}

// All connections are busy: who comes then waits as long as anybody may, and nothing
// is recorded of one who waited in vain.
func TestWithoutAConnectionNothingIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		release := c.vendor.holdAll(t)
		results := make(chan error, deepvue.Connections+1)
		begin := func() {
			_, err := c.Begin(t.Context(), c.decision(t), page)
			results <- err
		}
		for range deepvue.Connections {
			go begin()
		}
		time.Sleep(time.Second)
		require.Equal(t, deepvue.Connections, c.vendor.calls())
		started := time.Now()
		late := c.decision(t, named("late"))
		refused := make(chan error)
		go func() {
			_, err := c.Begin(t.Context(), late, page)
			refused <- err
		}()
		synctest.Wait()
		require.Equal(t, 1, c.Accounts[account].Waiting())
		err := <-refused
		requireRefusal(t, wire.VendorBusy, nil, err)
		require.Equal(t, pace.MaxWait, refusal(t, err).RetryAfter)
		require.Equal(t, pace.MaxWait, time.Since(started))
		requireNothing(t, c, late)
		require.Zero(t, c.Accounts[account].Waiting())

		go begin() // who waits gets the first that is free
		synctest.Wait()
		release()
		for range deepvue.Connections + 1 {
			require.NoError(t, <-results)
		}
		require.Equal(t, deepvue.Connections+1, c.vendor.calls())
	})
}

// Every connection comes back, whatever became of the call.
func TestConnectionsAreGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		for range deepvue.Connections/3 + 1 {
			c.vendor.failAlways(wire.VendorBadAnswer)
			_, err := c.Begin(t.Context(), c.decision(t), page)
			require.Equal(t, wire.VendorBadAnswer, codeOf(t, err))
			c.vendor.failAlways("")
			c.begin(t)
			c.store.Fail(storetest.Commit)
			_, err = c.Begin(t.Context(), c.decision(t), page)
			require.Equal(t, wire.StoreUnavailable, codeOf(t, err))
		}
	})
}

// A 429 of the vendor pauses the account; the visitor learns for how long.
func TestA429PausesTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		c.withPlan(t, pace.Plan{PerSecond: 5, PerMinute: 100, PerDay: 1000})
		c.vendor.fail(wire.VendorBusy)
		begin := time.Now()
		_, err := c.Begin(t.Context(), c.decision(t), page)
		require.Equal(t, wire.VendorBusy, codeOf(t, err))
		require.Equal(t, 7*time.Second, refusal(t, err).RetryAfter)
		require.Equal(t, 1, c.watch.all()["429"])
		require.Equal(t, 1, c.vendor.calls(), "it is not tried again")
		c.begin(t)
		require.GreaterOrEqual(t, time.Since(begin), 7*time.Second, "the next waits until the pause is over")
	})
}

// A 429 that names no time is answered with the pause that the account makes.
func TestA429WithoutATimeIsAPauseOfASecond(t *testing.T) {
	for name, plans := range map[string][]pace.Plan{"no plan": nil, "a plan": {{PerSecond: 5, PerMinute: 100, PerDay: 1000}}} {
		c := newCore(t)
		c.Accounts[account] = newAccount(t, c.vendor, plans...)
		c.vendor.failures = []*deepvue.Error{{Code: wire.VendorBusy, Status: 429, Class: "rate_limit"}}
		_, err := c.Begin(t.Context(), c.decision(t), page)
		require.Equal(t, wire.VendorBusy, codeOf(t, err), name)
		require.Equal(t, time.Second, refusal(t, err).RetryAfter, name)
	}
}

// The pause doubles while the vendor keeps refusing, and no longer once it has taken a
// call.
func TestThePauseDoublesUntilTheVendorTakesACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		c.withPlan(t, pace.Plan{PerSecond: 5, PerMinute: 100, PerDay: 1000})
		for i, row := range []struct {
			busy  bool
			pause time.Duration
		}{{true, time.Second}, {true, 2 * time.Second}, {true, 4 * time.Second}, {false, 0}, {true, time.Second}} {
			if row.busy {
				c.vendor.failures = []*deepvue.Error{{Code: wire.VendorBusy, Status: 429, Class: "rate_limit"}}
			}
			_, err := c.Begin(t.Context(), c.decision(t), page)
			if !row.busy {
				require.NoError(t, err)
				continue
			}
			require.Equal(t, wire.VendorBusy, codeOf(t, err))
			require.Equal(t, row.pause, refusal(t, err).RetryAfter, i)
			time.Sleep(row.pause)
		}
	})
}

// Repeats of a call cost slots of their own; without one, what the vendor said stands.
func TestARepeatOfTheCallTakesASlotOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for perMinute, want := range map[int]int{1: 1, 2: 2, 3: 3, 10: 3} {
			c := newCore(t)
			c.withPlan(t, pace.Plan{PerSecond: 1, PerMinute: perMinute, PerDay: 1000})
			c.vendor.failAlways(wire.VendorUnavailable)
			_, err := c.Begin(t.Context(), c.decision(t), page)
			refused := refusal(t, err)
			require.Equal(t, wire.VendorUnavailable, refused.Code)
			require.NotNil(t, refused.Consent)
			require.Equal(t, want, c.vendor.calls())
			require.Len(t, c.kinds(t, refused.Consent.ID), 1+want, "each try is a use")
		}
	})
}

// With what a consent has left, there are fewer repeats.
func TestRepeatsOfTheCallNeverExceedWhatAConsentIsWorth(t *testing.T) {
	c := newCore(t)
	c.vendor.failAlways(wire.VendorUnavailable)
	decision := c.decision(t)
	for _, want := range []int{3, mostCalls} {
		_, err := c.Begin(t.Context(), decision, page)
		require.Equal(t, wire.VendorUnavailable, codeOf(t, err))
		require.Equal(t, want, c.vendor.calls())
	}
	_, err := c.Begin(t.Context(), decision, page)
	require.Equal(t, wire.RateLimited, codeOf(t, err))
	require.Equal(t, mostCalls, c.vendor.calls())
}

// counted counts the calls of consents over all relays.
type counted struct {
	left  int
	err   error
	asked []string
}

func (c *counted) Take(_ context.Context, id string, most int) (bool, error) {
	c.asked = append(c.asked, id)
	c.left--
	return most == mostCalls && c.left >= 0, c.err
}

// Where relays share a ledger they count a consent's calls together. Of the first one
// after the consent no other relay can know.
func TestRelaysCountAConsentsCallsTogether(t *testing.T) {
	c := newCore(t)
	calls := &counted{left: 1}
	c.Calls = calls
	begun := c.begin(t)
	require.Empty(t, calls.asked)
	_, err := c.reload(t, begun.Session)
	require.NoError(t, err)
	require.Equal(t, []string{begun.Consent.ID}, calls.asked)
	_, err = c.reload(t, begun.Session)
	requireRefusal(t, wire.RateLimited, &begun.Consent, err)
	require.Equal(t, 2, c.vendor.calls())

	calls.left, calls.err = mostCalls, consent.ErrUnavailable
	_, err = c.reload(t, begun.Session)
	requireRefusal(t, wire.StoreUnavailable, &begun.Consent, err)
	require.Equal(t, 2, c.vendor.calls())

	// A repeat of the call is asked for as well, and what the vendor said stands.
	calls.left, calls.err = 1, nil
	c.vendor.failAlways(wire.VendorUnavailable)
	_, err = c.reload(t, begun.Session)
	require.Equal(t, wire.VendorUnavailable, codeOf(t, err))
	require.Equal(t, 3, c.vendor.calls())
}

// A visitor who leaves the line is counted as one who left.
func TestWhoLeavesTheLineTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		c.withPlan(t, pace.Plan{PerSecond: 1, PerMinute: 10, PerDay: 1000})
		c.begin(t)
		ctx, leave := context.WithCancel(t.Context())
		late := c.decision(t, named("late"))
		left := make(chan error, 1)
		go func() {
			_, err := c.Begin(ctx, late, page)
			left <- err
		}()
		synctest.Wait()
		require.Equal(t, 1, c.Accounts[account].Waiting())
		leave()
		require.Equal(t, wire.VendorTimeout, codeOf(t, <-left))
		require.Equal(t, 1, c.watch.all()["waited:left"])
		requireNothing(t, c, late)
		require.Equal(t, 1, c.vendor.calls())
	})
}
