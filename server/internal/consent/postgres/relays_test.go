package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

// relays are ledgers of several processes, as far as the database can tell.
func relays(t *testing.T, dsn string, n int) []*consent.Ledger {
	t.Helper()
	all := make([]*consent.Ledger, n)
	for i := range all {
		all[i] = relay(t, dsn, storetest.NewClock())
	}
	return all
}

func relay(t *testing.T, dsn string, clock *storetest.Clock) *consent.Ledger {
	t.Helper()
	store, err := Open(t.Context(), secret.New(dsn))
	require.NoError(t, err)
	return storetest.NewLedger(t, store, clock, consent.WithOutbox(func(string) bool { return true }, nil))
}

// verified is what `relay log verify` says.
func verified(t *testing.T, dsn string) audit.Report {
	t.Helper()
	report, err := verify(t, dsn)
	require.NoError(t, err)
	return report
}

func verify(t *testing.T, dsn string) (audit.Report, error) {
	t.Helper()
	from, err := Inspect(t.Context(), secret.New(dsn))
	require.NoError(t, err)
	defer func() { require.NoError(t, from.Close()) }()
	return audit.Verify(t.Context(), from, audit.Options{})
}

// noticed is a decision about a notice that is kept.
func noticed(t *testing.T, l *consent.Ledger, key string) consent.Decision {
	t.Helper()
	d := storetest.Decision(key)
	d.NoticeSHA256 = noticeSum
	require.NoError(t, l.PutNotice(t.Context(), noticeSum, noticeText))
	return d
}

func at(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			errs[i] = f(i)
		})
	}
	close(begin)
	all.Wait()
	return errs
}

func TestManyRelaysThatWriteAtOnceMakeOneTree(t *testing.T) {
	dsn := pgtest.Database(t)
	all := relays(t, dsn, 4)
	d := noticed(t, all[0], "")
	const n = 400
	for _, err := range at(n, func(i int) error {
		d := d
		d.IdempotencyKey = fmt.Sprintf("key-of-a-visitor-%04d", i)
		d.Subject, d.SubjectSource = fmt.Sprintf("customer-%d", i%17), "page"
		l := all[i%len(all)]
		state, err := l.Give(t.Context(), d)
		if err != nil {
			return err
		}
		// The rest of the way goes to other relays.
		if _, err := all[(i+1)%len(all)].Used(t.Context(), state.Committed, []consent.Call{{Endpoint: "connect", Result: "ok", At: storetest.Start}}); err != nil {
			return err
		}
		_, err = all[(i+2)%len(all)].Redeem(t.Context(), consent.Redemption{ConsentID: state.ID(), JTI: d.IdempotencyKey, Token: "t", Reply: "r"})
		return err
	}) {
		require.NoError(t, err)
	}
	report := verified(t, dsn)
	require.EqualValues(t, 3*n, report.Size)
	require.EqualValues(t, n, report.Records)
}

func TestATokenATicketAndAKeyAreWorthOneAcrossRelays(t *testing.T) {
	dsn := pgtest.Database(t)
	all := relays(t, dsn, 3)
	d := noticed(t, all[0], "key-of-all-relays")
	const n = 60

	states := make([]consent.State, n)
	for _, err := range at(n, func(i int) (err error) {
		states[i], err = all[i%len(all)].Give(t.Context(), d)
		return err
	}) {
		require.NoError(t, err)
	}
	for _, state := range states {
		require.Equal(t, states[0].ID(), state.ID(), "one key, one consent")
	}
	count := func(errs []error, other error) (won int) {
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				require.ErrorIs(t, err, other)
			}
		}
		return won
	}
	require.Equal(t, 1, count(at(n, func(i int) error {
		d := d
		d.IdempotencyKey, d.TicketID = fmt.Sprintf("key-of-a-ticket-%04d", i), "one ticket"
		_, err := all[i%len(all)].Give(t.Context(), d)
		return err
	}), consent.ErrTicketUsed))
	require.Equal(t, 1, count(at(n, func(i int) error {
		_, err := all[i%len(all)].Redeem(t.Context(), consent.Redemption{ConsentID: states[0].ID(), JTI: "one token", Token: "t", Reply: "r"})
		return err
	}), consent.ErrSeen))
	var withdrawn atomic.Int64
	for _, err := range at(n, func(i int) error {
		state, err := all[i%len(all)].Withdraw(t.Context(), consent.Withdrawal{ID: states[0].ID(), Via: consent.ViaPartner})
		if err == nil && state.Withdrawn {
			withdrawn.Add(1)
		}
		return err
	}) {
		require.NoError(t, err)
	}
	require.EqualValues(t, n, withdrawn.Load())
	for _, l := range all {
		require.ErrorIs(t, l.Standing(t.Context(), states[0].Committed), consent.ErrWithdrawn, "on every relay")
	}
	require.EqualValues(t, 4, verified(t, dsn).Size, "two consents, one redemption, one withdrawal")
}

func TestTheTimeOfTheLedgerIsThatOfTheRelayWhoseClockIsAhead(t *testing.T) {
	dsn := pgtest.Database(t)
	early, late, wrong := storetest.NewClock(), storetest.NewClock(), storetest.NewClock()
	late.Move(3 * time.Second)
	wrong.Move(24 * time.Hour)
	one, two := relay(t, dsn, early), relay(t, dsn, late)
	d := noticed(t, one, "key-of-the-first")
	given := func(l *consent.Ledger, key string) time.Time {
		d.IdempotencyKey = key
		state, err := l.Give(t.Context(), d)
		require.NoError(t, err)
		return state.At
	}
	require.Equal(t, storetest.Start, given(one, "key-of-the-first"))
	require.Equal(t, storetest.Start.Add(3*time.Second), given(two, "key-of-the-second"))
	require.Equal(t, storetest.Start.Add(3*time.Second), given(one, "key-of-the-third"), "time does not go back")
	require.Equal(t, storetest.Start.Add(24*time.Hour), given(relay(t, dsn, wrong), "key-of-a-wrong-clock"))
	early.Move(4 * time.Second)
	require.Equal(t, storetest.Start.Add(4*time.Second), given(one, "key-after-a-wrong-clock"), "and is not held up by one that is far off")
}

func TestAMessageIsTakenByOneRelayAtATime(t *testing.T) {
	dsn := pgtest.Database(t)
	all := relays(t, dsn, 3)
	d := noticed(t, all[0], "")
	const n = 30
	for i := range n {
		d.IdempotencyKey = fmt.Sprintf("key-of-a-message-%04d", i)
		state, err := all[0].Give(t.Context(), d)
		require.NoError(t, err)
		_, err = all[0].Withdraw(t.Context(), consent.Withdrawal{ID: state.ID(), Via: consent.ViaPartner})
		require.NoError(t, err)
	}
	now := storetest.Start
	var mu sync.Mutex
	var taken []int64
	for _, err := range at(3*n, func(i int) error {
		m, ok, _, err := all[i%len(all)].Take(t.Context(), now, now.Add(time.Minute))
		if ok {
			mu.Lock()
			defer mu.Unlock()
			taken = append(taken, m.Index)
		}
		return err
	}) {
		require.NoError(t, err)
	}
	slices.Sort(taken)
	require.Equal(t, len(taken), len(slices.Compact(taken)), "none was taken twice")
	for { // what was passed over because somebody was taking it
		_, ok, next, err := all[0].Take(t.Context(), now, now.Add(time.Minute))
		require.NoError(t, err)
		if !ok {
			require.Equal(t, now.Add(time.Minute), next)
			break
		}
		taken = append(taken, 0)
	}
	require.Len(t, taken, n)
	require.NoError(t, all[1].Delivered(t.Context(), 1))
	m, ok, _, err := all[2].Take(t.Context(), now.Add(time.Minute), now.Add(2*time.Minute))
	require.NoError(t, err)
	require.True(t, ok, "a relay that has died said nothing of it")
	require.NotEqual(t, int64(1), m.Index, "and what was delivered is gone")
}

// A relay that was stopped in the middle of a transaction holds the head. The server
// cuts it off, and the others go on.
func TestARelayThatWasStoppedDoesNotHoldTheHeadForLong(t *testing.T) {
	dsn := pgtest.Database(t)
	stopped, l := opened(t, dsn), relay(t, dsn, storetest.NewClock())
	d := noticed(t, l, "key-of-the-one-who-waits")
	holding, resume, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	runs := 0
	go func() {
		ended <- stopped.Update(t.Context(), func(tx consent.Tx) error {
			if runs++; runs > 1 {
				return errors.New("begun anew")
			}
			if _, _, err := tx.Size(t.Context()); err != nil { // the head is held from the first read on
				return err
			}
			close(holding)
			<-resume
			return tx.Append(t.Context(), consent.Batch{Notices: []consent.Notice{{SHA256: [32]byte{1}, Bytes: []byte("late")}}})
		})
	}()
	<-holding
	begin := time.Now()
	_, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	require.Less(t, time.Since(begin), lockLimit)
	close(resume)
	require.ErrorContains(t, <-ended, "begun anew", "what it had begun is not committed")
	_, err = l.Notice(t.Context(), "0100000000000000000000000000000000000000000000000000000000000000")
	require.ErrorIs(t, err, consent.ErrNotFound)
}

func TestRelaysThatStartAtOnceOnAnEmptyDatabaseMakeOneLog(t *testing.T) {
	dsn := pgtest.Database(t)
	ledgers := make([]*consent.Ledger, 6)
	for _, err := range at(len(ledgers), func(i int) error {
		store, err := Open(context.Background(), secret.New(dsn))
		if err != nil {
			return err
		}
		ledgers[i], err = consent.New(store, storetest.Keys, time.Now, slog.New(slog.DiscardHandler))
		return err
	}) {
		require.NoError(t, err)
	}
	for _, l := range ledgers {
		require.NoError(t, l.Ready(t.Context()))
		require.NoError(t, l.Close())
	}
	require.Equal(t, 1, verified(t, dsn).Checkpoints)
}

// Two relays serve at once, and the clock of one is wrong.
func TestARelayWhoseClockIsWrongDoesNotSetTheTimeOfTheOthers(t *testing.T) {
	for ahead, follows := range map[time.Duration]bool{25 * time.Second: true, time.Hour: false, 20 * 365 * 24 * time.Hour: false} {
		dsn := pgtest.Database(t)
		clock, wrong := storetest.NewClock(), storetest.NewClock()
		wrong.Move(ahead)
		right, other := relay(t, dsn, clock), relay(t, dsn, wrong)
		for i := range 3 {
			first, err := other.Give(t.Context(), noticed(t, other, fmt.Sprintf("key-of-the-wrong-one-%d", i)))
			require.NoError(t, err)
			require.Equal(t, storetest.Start.Add(ahead), first.At)
			second, err := right.Give(t.Context(), noticed(t, right, fmt.Sprintf("key-of-the-right-one-%d", i)))
			require.NoError(t, err)
			if follows { // never before what was recorded before
				require.Equal(t, first.At, second.At)
				require.Zero(t, right.ClockAhead())
				continue
			}
			require.Equal(t, storetest.Start, second.At)
			require.Equal(t, ahead, right.ClockAhead())
		}
		require.Zero(t, other.ClockAhead())
		verified(t, dsn)
	}
}
