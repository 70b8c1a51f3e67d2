package storetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

func key(b byte) consent.Key { return consent.Key{15: b} }

func entry(index int64, id uuid.UUID) consent.Entry {
	return consent.Entry{Index: index, Kind: consent.Given, Consent: id, Site: "pk_a",
		At: Start.Add(time.Duration(index) * time.Minute), Body: []byte(`{"n":"é"}`), Salt: bytes.Repeat([]byte{byte(index)}, 32)}
}

// one is a batch with one event that claims key(b) and is about key(b+100).
func one(index int64, id uuid.UUID, b byte) consent.Batch {
	e := entry(index, id)
	return logged(consent.Batch{
		Entries:  []consent.Entry{e},
		Claims:   []consent.Claim{{Key: key(b), Index: index, Proof: key(b + 1), Reply: "sealed", Consent: id, At: e.At}},
		Subjects: []consent.SubjectRow{{Key: key(b + 100), Index: index}},
	})
}

func opened(t *testing.T, open Open) consent.Store {
	store := open(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func appendBatch(t *testing.T, store consent.Store, b consent.Batch) error {
	return store.Update(t.Context(), func(tx consent.Tx) error { return tx.Append(t.Context(), b) })
}

func size(t *testing.T, store consent.Store) (n int64) {
	require.NoError(t, store.Update(t.Context(), func(tx consent.Tx) (err error) {
		n, _, err = tx.Size(t.Context())
		return err
	}))
	return n
}

func wholeOrNotAtAll(t *testing.T, open Open) {
	store, id := opened(t, open), uuid.New()
	require.NoError(t, store.Ready(t.Context()))
	broken := errors.New("broken")
	err := store.Update(t.Context(), func(tx consent.Tx) error {
		require.NoError(t, tx.Append(t.Context(), one(0, id, 1)))
		return broken
	})
	require.ErrorIs(t, err, broken)
	require.Zero(t, size(t, store))
	claims, err := store.Claims(t.Context(), []consent.Key{key(1)})
	require.NoError(t, err)
	require.Empty(t, claims)

	require.NoError(t, appendBatch(t, store, one(0, id, 1)))
	require.EqualValues(t, 1, size(t, store))
	claims, err = store.Claims(t.Context(), []consent.Key{key(9), key(1)})
	require.NoError(t, err)
	require.Equal(t, one(0, id, 1).Claims, claims)
	events, err := store.Events(t.Context(), []uuid.UUID{uuid.New(), id})
	require.NoError(t, err)
	require.Equal(t, []consent.Entry{entry(0, id)}, events)
	require.NoError(t, store.Ready(t.Context()))
}

func withoutGap(t *testing.T, open Open) {
	store, id := opened(t, open), uuid.New()
	require.Error(t, appendBatch(t, store, one(1, id, 1)), "the first has index 0")
	require.NoError(t, appendBatch(t, store, one(0, id, 1)))
	require.Error(t, appendBatch(t, store, one(0, id, 2)), "an index is used once")
	require.Error(t, appendBatch(t, store, one(2, id, 2)), "none is left out")

	// As many as no implementation puts into one statement, and an odd number.
	var b consent.Batch
	ids := make([]uuid.UUID, 261)
	var refs []consent.RecordRef
	for i := range ids {
		ids[i] = uuid.New()
		index := int64(i + 1)
		b.Entries = append(b.Entries, entry(index, ids[i]))
		b.Subjects = append(b.Subjects, consent.SubjectRow{Key: key(1), Index: index})
		refs = append([]consent.RecordRef{{Index: index, Consent: ids[i]}}, refs...)
	}
	require.NoError(t, appendBatch(t, store, logged(b)))
	require.EqualValues(t, 262, size(t, store))
	events, err := store.Events(t.Context(), ids)
	require.NoError(t, err)
	require.ElementsMatch(t, b.Entries, events)

	got, err := store.BySubject(t.Context(), key(1), math.MaxInt64, 1000)
	require.NoError(t, err)
	require.Equal(t, refs, got)
	got, err = store.BySubject(t.Context(), key(1), 100, 3)
	require.NoError(t, err)
	require.Equal(t, refs[162:165], got)
}

func claimedOnce(t *testing.T, open Open) {
	store := opened(t, open)
	require.NoError(t, appendBatch(t, store, one(0, uuid.New(), 1)))
	require.Error(t, appendBatch(t, store, one(1, uuid.New(), 1)))
	require.EqualValues(t, 1, size(t, store))
	require.NoError(t, appendBatch(t, store, one(1, uuid.New(), 2)), "the conflict broke nothing")
}

func decisionAlone(t *testing.T, open Open) {
	dir, id := t.TempDir(), uuid.New()
	store := open(t, dir)
	_, err := store.Decision(t.Context(), id)
	require.ErrorIs(t, err, consent.ErrNotFound)
	require.NoError(t, appendBatch(t, store, one(0, uuid.New(), 1)))
	given, used := entry(1, id), entry(2, id)
	used.Kind, used.Body = consent.Used, []byte(`{"n":2}`)
	require.NoError(t, appendBatch(t, store, logged(consent.Batch{Entries: []consent.Entry{given, used}})))
	read := func() {
		got, err := store.Decision(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, consent.Entry{Index: 1, Body: given.Body, Salt: given.Salt}, consent.Entry{Index: got.Index, Body: got.Body, Salt: got.Salt})
	}
	read()
	require.NoError(t, store.Close())
	store = open(t, dir) // which remembers nothing
	defer func() { require.NoError(t, store.Close()) }()
	read()
	require.NoError(t, appendBatch(t, store, consent.Batch{Upkeep: consent.Upkeep{Blank: []uuid.UUID{id}}}))
	got, err := store.Decision(t.Context(), id)
	require.NoError(t, err)
	require.Empty(t, got.Body)
	require.Empty(t, got.Salt)
}

func repliesForgotten(t *testing.T, open Open) {
	store := opened(t, open)
	require.NoError(t, appendBatch(t, store, one(0, uuid.New(), 1)))
	next := one(1, uuid.New(), 2)
	next.Forget = next.Entries[0].At
	require.NoError(t, appendBatch(t, store, next))
	replies := map[consent.Key]string{}
	claims, err := store.Claims(t.Context(), []consent.Key{key(1), key(2)})
	require.NoError(t, err)
	for _, claim := range claims {
		replies[claim.Key] = claim.Reply
	}
	require.Equal(t, map[consent.Key]string{key(1): "", key(2): "sealed"}, replies)
}

func noticesKept(t *testing.T, open Open) {
	store := opened(t, open)
	text := []byte(`["section","सूचना"]`)
	sum := sha256.Sum256(text)
	_, err := store.Notice(t.Context(), sum)
	require.ErrorIs(t, err, consent.ErrNotFound)
	notice := consent.Batch{Notices: []consent.Notice{{SHA256: sum, Bytes: text}}}
	require.NoError(t, appendBatch(t, store, notice))
	require.NoError(t, appendBatch(t, store, notice), "again is no error")
	got, err := store.Notice(t.Context(), sum)
	require.NoError(t, err)
	require.Equal(t, text, got)
}

func closedStore(t *testing.T, open Open) {
	store := open(t, t.TempDir())
	require.NoError(t, store.Close())
	require.NoError(t, store.Close())
	require.ErrorIs(t, appendBatch(t, store, one(0, uuid.New(), 1)), consent.ErrUnavailable)
	require.ErrorIs(t, store.Ready(t.Context()), consent.ErrUnavailable)
	_, err := store.Claims(t.Context(), []consent.Key{key(1)})
	require.ErrorIs(t, err, consent.ErrUnavailable)
}

func reopeningKeepsAll(t *testing.T, open Open) {
	dir, clock := t.TempDir(), NewClock()
	d := Decision("key-of-the-first-run")
	d.Subject, d.SubjectSource, d.TicketID = "customer-77", "ticket", "ticket-1"
	notice := []byte("a notice")
	sum := hexSum(notice)
	redemption := consent.Redemption{JTI: "jti-1", IdempotencyKey: "redeem-once", Token: "tok", Reply: "sealed"}

	first := NewLedger(t, open(t, dir), clock)
	given, err := first.Give(t.Context(), d)
	require.NoError(t, err)
	_, err = first.Used(t.Context(), given.Committed, []consent.Call{{Endpoint: "connect", Result: "ok", At: clock.Now()}})
	require.NoError(t, err)
	require.NoError(t, first.PutNotice(t.Context(), sum, notice))
	redemption.ConsentID = given.ID()
	redeemed, err := first.Redeem(t.Context(), redemption)
	require.NoError(t, err)
	record, err := first.Consent(t.Context(), d.Site, given.ID())
	require.NoError(t, err)
	require.NoError(t, first.Close())

	second := NewLedger(t, open(t, dir), clock)
	again, known, err := second.Repeat(t.Context(), consent.Given, d)
	require.NoError(t, err)
	require.True(t, known)
	given.Calls = 1
	require.Equal(t, found(given), again)
	d.IdempotencyKey = "key-of-the-second-run"
	_, err = second.Give(t.Context(), d)
	require.ErrorIs(t, err, consent.ErrTicketUsed)
	redeemed.Repeat = true
	repeated, err := second.Redeem(t.Context(), redemption)
	require.NoError(t, err)
	require.Equal(t, redeemed, repeated)
	got, err := second.Notice(t.Context(), sum)
	require.NoError(t, err)
	require.Equal(t, notice, got)
	records, next, err := second.BySubject(t.Context(), d.Site, "customer-77", 0, "")
	require.NoError(t, err)
	require.Empty(t, next)
	require.Equal(t, []consent.Record{record}, records)
}
