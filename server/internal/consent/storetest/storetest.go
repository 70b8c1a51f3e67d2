// Package storetest is the suite that every [consent.Store] passes: what a
// store does by itself, and what the ledger promises on top of it.
package storetest

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

// Open opens the store that belongs to dir, new or as it was left. The store
// is closed by the suite.
type Open func(t *testing.T, dir string) consent.Store

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"a transaction is written whole or not at all", wholeOrNotAtAll},
		{"events are numbered without a gap", withoutGap},
		{"a key is claimed once", claimedOnce},
		{"a decision is read without what followed", decisionAlone},
		{"replies are forgotten in time", repliesForgotten},
		{"notices are kept by hash", noticesKept},
		{"the log's hashes and checkpoints are kept", hashesKept},
		{"a closed store is unavailable", closedStore},
		{"reopening keeps all", reopeningKeepsAll},

		{"keys are held against the ledger", keysHeldAgainstLedger},
		{"two log keys overlap", logKeysOverlap},
		{"a ledger of before takes its keys over", ledgerOfBefore},
		{"every event is proven by the log", everyEventProven},
		{"a decision is read as it was made", readAsMade},
		{"an idempotency key is worth one decision", oneDecision},
		{"a ticket is worth one consent", oneConsent},
		{"parallel gives with one key make one event", parallelGives},
		{"parallel gives with one ticket make one consent", parallelTickets},
		{"a refusal is no consent", refusalIsNoConsent},
		{"every vendor call is an event", everyCall},
		{"a token redeems once", redeemsOnce},
		{"redemptions are judged in order", judgedInOrder},
		{"parallel redemptions of one token succeed once", parallelRedemptions},
		{"a withdrawal ends a consent for good", withdrawalEnds},
		{"parallel withdrawals make one event", parallelWithdrawals},
		{"a message is written with its event", messageWithItsEvent},
		{"a message waits until it is settled", messageWaits},
		{"a message is taken when it is due", messageTaken},
		{"what is erased is gone, its place in the log stays", erasedIsGone},
		{"all are erased or none", allErasedOrNone},
		{"what is held is not erased", heldIsNotErased},
		{"what is old is erased", oldIsErased},
		{"only what was given to this site is withdrawn", withdrawnByItsOwn},
		{"records are found by subject, newest first", foundBySubject},
		{"a site sees only its own", onlyItsOwn},
		{"calls are counted back to a time", callsSince},

		{"a clock that was ahead for one commit", clockAheadForOneCommit},
		{"a clock that was a little ahead", clockLittleAhead},
		{"relays with unlike clocks", clocksOfSeveralRelays},
		{"what is old is erased behind a time of the future", oldBehindTheFuture},
		{"a message of the future is taken", messageOfTheFuture},
		{"a call of the future is not under way", callOfTheFuture},
		{"a reply outlives a clock that was ahead", repliesOutliveTheClock},
		{"calls are counted past a wrong time", callsSinceWrongTimes},

		{"claims of calls are kept until they end", claimsOfCalls},
		{"a call is claimed once", callClaimedOnce},
		{"a call that was not made is given back", callGivenBack},
		{"parallel claims of a call or a consent make one", parallelCalls},
		{"a call that was not recorded stays unknown", callUnknown},
		{"calls are counted by what came of them", callsCounted},
		{"calls of a consent that has ended", callsOfAnEndedConsent},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open) })
	}
}

// Clock is a clock that only a test moves.
type Clock struct{ ms atomic.Int64 }

// Start is where a Clock starts.
var Start = time.Date(2026, 11, 23, 4, 30, 0, 123e6, time.UTC)

// NewClock returns a clock that shows Start.
func NewClock() *Clock {
	c := new(Clock)
	c.ms.Store(Start.UnixMilli())
	return c
}

// Now is the time that the clock shows.
func (c *Clock) Now() time.Time { return time.UnixMilli(c.ms.Load()) }

// Move turns the clock, backwards if d is negative.
func (c *Clock) Move(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// Keys are fixed keys.
var Keys = consent.Keys{
	Lookup:  []byte("a lookup key of the tests, 32 B."),
	Receipt: []byte("a receipt key of the tests, 32 B"),
	Log:     [][]byte{[]byte("a signing key of the tests, 32 B")},
}

// NewLedger starts a ledger on store; the test's end closes both. An outcome
// that is not known fails the test.
func NewLedger(t testing.TB, store consent.Store, clock *Clock, options ...consent.Option) *consent.Ledger {
	fatal := consent.WithFatal(func(err error) { t.Errorf("the ledger ended: %v", err) })
	l, err := consent.New(store, Keys, clock.Now, slog.New(slog.DiscardHandler), append([]consent.Option{fatal}, options...)...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// Decision is a complete decision under this idempotency key.
func Decision(key string) consent.Decision {
	d := consent.Decision{
		Site: "pk_test_pass", Account: "main", Purpose: "account-opening", VendorPurpose: "To open your account",
		NoticeID: "account-opening", NoticeVersion: "3", NoticeSHA256: fmt.Sprintf("%064x", 7),
		Lang: "hi", Requested: "hi-IN", ShownAt: Start.Add(-time.Minute), Nonce: "nonce-of-the-presentation",
		Origin: "https://partner.example", Channel: "widget", ClientVersion: "1.2.3", ClientBuild: "0123456789abcdef",
		Actor: "self", IdempotencyKey: key,
	}
	copy(d.Digest[:], key)
	return d
}

func newLedger(t *testing.T, open Open) (*consent.Ledger, *Clock) {
	clock := NewClock()
	return NewLedger(t, open(t, t.TempDir()), clock), clock
}
