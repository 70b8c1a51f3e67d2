package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

func hexSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// together runs f n times at once and returns the errors.
func together(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-begin
			errs[i] = f(i)
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
	return errs
}

// found is a state as it is read again.
func found(s consent.State) consent.State {
	s.New = false
	return s
}

func readAsMade(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	d := Decision("key-of-a-decision")
	_, known, err := l.Repeat(t.Context(), consent.Given, d)
	require.NoError(t, err)
	require.False(t, known)
	given, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	require.False(t, given.IsZero())
	require.Equal(t, d.Account, given.Account())
	require.Equal(t, d.VendorPurpose, given.VendorPurpose())
	require.Equal(t, consent.Given, given.Kind)
	require.Equal(t, d.Site, given.Site)
	require.Equal(t, Start, given.At)
	clock.Move(time.Minute)
	state, err := l.State(t.Context(), given.ID())
	require.NoError(t, err)
	require.True(t, given.New)
	require.Equal(t, found(given), state)

	for _, id := range []string{"", "x", "019ab000-0000-7000-8000-000000000000", "{" + given.ID() + "}", "urn:uuid:" + given.ID()} {
		_, err = l.State(t.Context(), id)
		require.ErrorIs(t, err, consent.ErrNotFound, id)
	}
}

func oneDecision(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	d := Decision("one-key-for-many")
	given, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	clock.Move(time.Second)
	again, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, found(given), again)
	repeated, known, err := l.Repeat(t.Context(), consent.Given, d)
	require.NoError(t, err)
	require.True(t, known)
	require.Equal(t, found(given), repeated)

	other := d
	other.Digest[0] ^= 1
	_, err = l.Give(t.Context(), other)
	require.ErrorIs(t, err, consent.ErrConflict)
	_, known, err = l.Repeat(t.Context(), consent.Given, other)
	require.ErrorIs(t, err, consent.ErrConflict)
	require.False(t, known)

	// The key's scope is one site and one kind of decision.
	refused, err := l.Refuse(t.Context(), other)
	require.NoError(t, err)
	require.NotEqual(t, given.ID(), refused.ID())
	other.Site = "pk_test_other"
	elsewhere, err := l.Give(t.Context(), other)
	require.NoError(t, err)
	require.NotEqual(t, given.ID(), elsewhere.ID())
}

func oneConsent(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	d := Decision("first-key-of-the-ticket")
	d.TicketID = "ticket-9"
	refused, err := l.Refuse(t.Context(), d)
	require.NoError(t, err, "refusing spends no ticket")
	require.Equal(t, consent.Refused, refused.Kind)
	given, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	again, err := l.Give(t.Context(), d)
	require.NoError(t, err, "the key is looked at before the ticket")
	require.Equal(t, found(given), again)
	next := Decision("second-key-of-the-ticket")
	next.TicketID = d.TicketID
	_, err = l.Give(t.Context(), next)
	require.ErrorIs(t, err, consent.ErrTicketUsed)
	_, err = l.Refuse(t.Context(), next)
	require.NoError(t, err)
	next.Site = "pk_test_other"
	_, err = l.Give(t.Context(), next)
	require.NoError(t, err, "another site's ticket")
}

func parallelGives(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	d := Decision("key-of-an-impatient-person")
	d.Subject, d.SubjectSource = "impatient", "page"
	states := make([]consent.State, 100)
	for _, err := range together(len(states), func(i int) (err error) {
		states[i], err = l.Give(t.Context(), d)
		return err
	}) {
		require.NoError(t, err)
	}
	fresh := 0
	for _, state := range states {
		if state.New {
			fresh++
		}
		require.Equal(t, found(states[0]), found(state))
	}
	require.Equal(t, 1, fresh)
	records, _, err := l.BySubject(t.Context(), d.Site, d.Subject, 100, "")
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.Len(t, records[0].Events, 1)
}

func parallelTickets(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	given := 0
	for _, err := range together(50, func(i int) error {
		d := Decision(fmt.Sprintf("key-number-%04d", i))
		d.TicketID = "one-ticket"
		_, err := l.Give(t.Context(), d)
		return err
	}) {
		if err == nil {
			given++
		} else {
			require.ErrorIs(t, err, consent.ErrTicketUsed)
		}
	}
	require.Equal(t, 1, given)
}

func refusalIsNoConsent(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	refused, err := l.Refuse(t.Context(), Decision("key-of-a-refusal"))
	require.NoError(t, err)
	require.True(t, refused.IsZero(), "the vendor client must not take it")
	require.NotEmpty(t, refused.ID())
	require.Equal(t, Start, refused.At)
	state, err := l.State(t.Context(), refused.ID())
	require.NoError(t, err)
	require.Equal(t, found(refused), state)
	_, err = l.Used(t.Context(), state.Committed, []consent.Call{{Endpoint: "connect"}})
	require.Error(t, err)
	_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: refused.ID(), JTI: "j", Token: "t", Reply: "r"})
	require.ErrorIs(t, err, consent.ErrNotFound)
}

func everyCall(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	given, err := l.Give(t.Context(), Decision("key-of-many-calls"))
	require.NoError(t, err)
	calls := []consent.Call{
		{Endpoint: "connect", Result: "vendor_unavailable", At: Start.Add(time.Second)},
		{Endpoint: "connect", Result: "ok", TransactionID: "txn-1", At: Start.Add(2 * time.Second)},
	}
	total, err := l.Used(t.Context(), given.Committed, calls)
	require.NoError(t, err)
	require.Equal(t, 2, total)
	clock.Move(time.Minute)
	total, err = l.Used(t.Context(), given.Committed, calls[1:])
	require.NoError(t, err)
	require.Equal(t, 3, total)
	total, err = l.Used(t.Context(), given.Committed, nil)
	require.NoError(t, err)
	require.Equal(t, 3, total)
	state, err := l.State(t.Context(), given.ID())
	require.NoError(t, err)
	require.Equal(t, 3, state.Calls)

	record, err := l.Consent(t.Context(), given.Site, given.ID())
	require.NoError(t, err)
	require.Len(t, record.Events, 4)
	for i, event := range record.Events {
		require.EqualValues(t, i, event.Index)
	}
	require.Equal(t, consent.Given, record.Events[0].Kind)
	require.Equal(t, record.Body, record.Events[0].Body)
	require.Equal(t, calls[0], record.Events[1].Call)
	require.Equal(t, calls[1], record.Events[2].Call)
	require.Equal(t, Start, record.Events[2].At)
	require.Equal(t, Start.Add(time.Minute), record.Events[3].At)

	_, err = l.Used(t.Context(), consent.Committed{}, calls)
	require.Error(t, err)

	// Calls of many consents at once are all counted.
	require.NoError(t, errors.Join(together(30, func(i int) error {
		_, err := l.Used(t.Context(), given.Committed, calls)
		return err
	})...))
	total, err = l.Used(t.Context(), given.Committed, nil)
	require.NoError(t, err)
	require.Equal(t, 63, total)
}
