package consent_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/receipt"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// noticed is a decision whose notice the ledger has.
func noticed(t *testing.T, l *consent.Ledger, key string) consent.Decision {
	notice := []byte(`["section",{"lang":"hi"},"सूचना"]`)
	sum := sha256.Sum256(notice)
	d := storetest.Decision(key)
	d.NoticeSHA256 = hex.EncodeToString(sum[:])
	require.NoError(t, l.PutNotice(t.Context(), d.NoticeSHA256, notice))
	return d
}

// verifiers are the public keys that the ledger shows.
func verifiers(t *testing.T, l *consent.Ledger) []note.Verifier {
	lines, err := l.LogKeys(t.Context())
	require.NoError(t, err)
	keys, err := checkpoint.Verifiers(strings.Join(lines, "\n"))
	require.NoError(t, err)
	return keys
}

func published(t *testing.T, l *consent.Ledger) checkpoint.Checkpoint {
	signed, err := l.Checkpoint(t.Context())
	require.NoError(t, err)
	c, err := checkpoint.Open(signed, consent.SandboxOrigin, note.VerifierList(verifiers(t, l)...))
	require.NoError(t, err)
	return c
}

func TestEveryDecisionHasAReceiptThatVerifies(t *testing.T) {
	l, _, _ := newFaulty(t)
	require.Zero(t, published(t, l).Size, "a log begins with a checkpoint of nothing")
	var ids []string
	for i := range 40 {
		d := noticed(t, l, key(i))
		decide := l.Give
		if i%5 == 4 {
			decide = l.Refuse
		}
		state, err := decide(t.Context(), d)
		require.NoError(t, err)
		ids = append(ids, state.ID())
	}
	require.EqualValues(t, 40, published(t, l).Size)
	for i, id := range ids {
		file, err := l.Receipt(t.Context(), id)
		require.NoError(t, err)
		r, err := receipt.Verify(file, verifiers(t, l))
		require.NoError(t, err)
		require.EqualValues(t, i, r.Index())
		require.EqualValues(t, 40, r.Size())
		record, err := l.Consent(t.Context(), "pk_test_pass", id)
		require.NoError(t, err)
		require.Equal(t, record.Body, r.Record)
		proof, err := l.Proof(t.Context(), int64(i))
		require.NoError(t, err)
		require.True(t, bytes.HasSuffix(file, proof))
	}
	_, err := l.Receipt(t.Context(), "019ab000-0000-7000-8000-000000000000")
	require.ErrorIs(t, err, consent.ErrNotFound)
	for _, index := range []int64{-1, 40} {
		_, err = l.Proof(t.Context(), index)
		require.ErrorIs(t, err, consent.ErrNotFound)
	}
}

func TestAWithdrawalHasAReceiptOfItsOwn(t *testing.T) {
	l, _, _ := newFaulty(t)
	given, err := l.Give(t.Context(), noticed(t, l, key(1)))
	require.NoError(t, err)
	_, err = l.ReceiptOf(t.Context(), given.ID(), consent.WithdrawnEvent)
	require.ErrorIs(t, err, consent.ErrNotFound)
	_, err = l.Withdraw(t.Context(), consent.Withdrawal{ID: given.ID(), Via: consent.ViaReceipt})
	require.NoError(t, err)
	file, err := l.ReceiptOf(t.Context(), given.ID(), consent.WithdrawnEvent)
	require.NoError(t, err)
	r, err := receipt.Verify(file, verifiers(t, l))
	require.NoError(t, err)
	require.Contains(t, string(r.Record), `"state":"withdrawn"`)
	require.Nil(t, r.Notice)
}

func TestEqualRecordsHaveUnlikeEntries(t *testing.T) {
	l, _, _ := newFaulty(t)
	given, err := l.Give(t.Context(), noticed(t, l, key(1)))
	require.NoError(t, err)
	call := consent.Call{Endpoint: "connect", Result: "ok", At: storetest.Start}
	_, err = l.Used(t.Context(), given.Committed, []consent.Call{call, call, call})
	require.NoError(t, err)
	salts := map[string]bool{}
	for _, kind := range []consent.Kind{consent.Given, consent.Used} {
		file, err := l.ReceiptOf(t.Context(), given.ID(), kind)
		require.NoError(t, err)
		r, err := receipt.Parse(file)
		require.NoError(t, err)
		salts[string(r.Salt[:])] = true
	}
	require.Len(t, salts, 2)
}

// reopen starts a ledger on a directory that another one has left.
func reopen(t *testing.T, dir string, keys consent.Keys, options ...consent.Option) (*consent.Ledger, error) {
	store, err := sqlite.Open(dir)
	require.NoError(t, err)
	l, err := consent.New(store, keys, storetest.NewClock().Now, quiet, options...)
	if err != nil {
		require.NoError(t, store.Close())
		return nil, err
	}
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l, nil
}

func TestTheLogsKeyIsReplacedWithOverlap(t *testing.T) {
	dir := t.TempDir()
	old, renewed := storetest.Keys, storetest.Keys
	renewed.Log = [][]byte{bytes.Repeat([]byte{42}, 32), old.Log[0]}
	first, err := reopen(t, dir, old)
	require.NoError(t, err)
	oldPublic := verifiers(t, first)
	given, err := first.Give(t.Context(), noticed(t, first, key(1)))
	require.NoError(t, err)
	oldReceipt, err := first.Receipt(t.Context(), given.ID())
	require.NoError(t, err)
	require.NoError(t, first.Close())

	both, err := reopen(t, dir, renewed)
	require.NoError(t, err)
	_, err = both.Give(t.Context(), noticed(t, both, key(2)))
	require.NoError(t, err)
	signed, err := both.Checkpoint(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, bytes.Count(signed, []byte("— ")))
	for _, public := range verifiers(t, both) {
		_, err = checkpoint.Open(signed, consent.SandboxOrigin, note.VerifierList(public))
		require.NoError(t, err, "each of both keys opens it")
	}
	require.NoError(t, both.Close())

	// A key that goes away before the new one has signed is missed.
	stranger := storetest.Keys
	stranger.Log = [][]byte{bytes.Repeat([]byte{43}, 32)}
	_, err = reopen(t, dir, stranger)
	require.ErrorContains(t, err, "put the key that signed it back there")

	renewed.Log = renewed.Log[:1]
	last, err := reopen(t, dir, renewed)
	require.NoError(t, err)
	newReceipt, err := last.Receipt(t.Context(), given.ID())
	require.NoError(t, err)
	all := verifiers(t, last)
	require.Len(t, all, 2)
	require.Equal(t, oldPublic[0].KeyHash(), all[1].KeyHash(), "newest first, the old one is not forgotten")
	for _, file := range [][]byte{oldReceipt, newReceipt} {
		_, err = receipt.Verify(file, all)
		require.NoError(t, err)
	}
	_, err = receipt.Verify(newReceipt, oldPublic)
	require.ErrorIs(t, err, receipt.ErrWrongKey)
}
