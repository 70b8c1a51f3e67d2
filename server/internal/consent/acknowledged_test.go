package consent_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/receipt"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"
)

// life is a ledger that breaks down and is started again, and what it has
// acknowledged so far.
type life struct {
	dir          string
	faulty       *storetest.Faulty
	ledger       *consent.Ledger
	acknowledged map[string][]consent.Kind // by record
}

func (l *life) start(t *testing.T) {
	store, err := sqlite.Open(l.dir)
	require.NoError(t, err)
	l.faulty = &storetest.Faulty{Store: store}
	l.ledger, err = consent.New(l.faulty, storetest.Keys, time.Now, quiet,
		consent.WithFatal(func(error) {}), consent.WithLog(consent.LogOptions{Origin: consent.SandboxOrigin, Anchor: l.dir + "/log.anchor"}))
	require.NoError(t, err)
}

// check restarts and holds what is there against what was acknowledged.
// committed says whether the event that was not acknowledged may be there.
func (l *life) check(t *testing.T, size int64, committed bool) {
	t.Helper()
	require.NoError(t, l.ledger.Close())
	l.start(t)
	from, err := sqlite.Inspect(t.Context(), l.dir)
	require.NoError(t, err)
	report, err := audit.Verify(t.Context(), from, audit.Options{}) // gap-free, and the same tree when replayed
	require.NoError(t, err)
	require.NoError(t, from.Close())
	if committed {
		require.EqualValues(t, size+1, report.Size)
	} else {
		require.EqualValues(t, size, report.Size)
	}
	keys := verifiers(t, l.ledger)
	for id, kinds := range l.acknowledged {
		record, err := l.ledger.Consent(t.Context(), "pk_test_pass", id)
		require.NoError(t, err, "acknowledged, so it is there")
		var present []consent.Kind
		for _, event := range record.Events {
			present = append(present, event.Kind)
		}
		require.Subset(t, present, kinds)
		if len(record.Body) == 0 {
			continue // erased
		}
		file, err := l.ledger.Receipt(t.Context(), id)
		require.NoError(t, err)
		_, err = receipt.Verify(file, keys)
		require.NoError(t, err)
	}
}

func TestWhateverFailsTheLogStaysWholeAndKeepsWhatWasAcknowledged(t *testing.T) {
	call := []consent.Call{{Endpoint: "connect", Result: "ok", At: time.Now()}}
	operations := map[string]struct {
		reads storetest.Step // a step that it never comes to
		do    func(ctx context.Context, l *consent.Ledger, d consent.Decision, given consent.State) (consent.State, error)
		kind  consent.Kind
	}{
		"give": {storetest.Events, func(ctx context.Context, l *consent.Ledger, d consent.Decision, _ consent.State) (consent.State, error) {
			return l.Give(ctx, d)
		}, consent.Given},
		"refuse": {storetest.Events, func(ctx context.Context, l *consent.Ledger, d consent.Decision, _ consent.State) (consent.State, error) {
			return l.Refuse(ctx, d)
		}, consent.Refused},
		"used": {storetest.Claims, func(ctx context.Context, l *consent.Ledger, _ consent.Decision, given consent.State) (consent.State, error) {
			_, err := l.Used(ctx, given.Committed, call)
			return given, err
		}, consent.Used},
		"redeem": {"", func(ctx context.Context, l *consent.Ledger, d consent.Decision, given consent.State) (consent.State, error) {
			_, err := l.Redeem(ctx, consent.Redemption{ConsentID: given.ID(), JTI: d.IdempotencyKey, Token: "t", Reply: "r"})
			return given, err
		}, consent.RedeemedEvent},
		"withdraw": {storetest.Claims, func(ctx context.Context, l *consent.Ledger, _ consent.Decision, given consent.State) (consent.State, error) {
			_, err := l.Withdraw(ctx, consent.Withdrawal{ID: given.ID(), Via: consent.ViaReceipt})
			return given, err
		}, consent.WithdrawnEvent},
		"erase": {storetest.Claims, func(ctx context.Context, l *consent.Ledger, _ consent.Decision, given consent.State) (consent.State, error) {
			_, err := l.Erase(ctx, consent.Erasure{IDs: []string{given.ID()}, Via: consent.ViaOperator, Reason: "case"})
			return given, err
		}, consent.ErasedEvent},
	}
	// What every case begins with, made once.
	begun := &life{dir: t.TempDir()}
	begun.start(t)
	given, err := begun.ledger.Give(t.Context(), noticed(t, begun.ledger, key(1)))
	require.NoError(t, err)
	require.NoError(t, begun.ledger.Close())

	for name, operation := range operations {
		for _, step := range append(append([]storetest.Step{}, storetest.Steps...), storetest.Lost, storetest.Fsync) {
			// The steps before the writing are one code for all: two stand for them.
			early := !slices.Contains([]storetest.Step{storetest.Append, storetest.Commit, storetest.Lost, storetest.Fsync}, step)
			if step == operation.reads || early && name != "give" && name != "redeem" {
				continue
			}
			t.Run(fmt.Sprintf("%s, %s", name, step), func(t *testing.T) {
				l := &life{dir: t.TempDir(), acknowledged: map[string][]consent.Kind{given.ID(): {consent.Given}}}
				for _, name := range []string{"ledger.db", "log.anchor"} {
					text, err := os.ReadFile(filepath.Join(begun.dir, name))
					require.NoError(t, err)
					require.NoError(t, os.WriteFile(filepath.Join(l.dir, name), text, 0o600))
				}
				l.start(t)
				d := noticed(t, l.ledger, key(2))

				l.faulty.Fail(step)
				state, err := operation.do(t.Context(), l.ledger, d, given)
				require.Error(t, err, "nothing is acknowledged")
				if name == "give" {
					require.True(t, state.IsZero(), "and no vendor call is possible")
				}
				l.check(t, 1, step == storetest.Lost)

				// The person tries again, and it is done, once.
				state, err = operation.do(t.Context(), l.ledger, d, given)
				if name == "redeem" && step == storetest.Lost {
					require.ErrorIs(t, err, consent.ErrSeen, "it was redeemed, and the reply had no key to be repeated under")
				} else {
					require.NoError(t, err)
					l.acknowledged[state.ID()] = append(l.acknowledged[state.ID()], operation.kind)
				}
				more := int64(1)
				if name == "used" && step == storetest.Lost {
					more = 2 // calls have no key: the second is another call
				}
				l.check(t, 1+more, false)
				require.NoError(t, l.ledger.Close())
			})
		}
	}
}
