package storetest

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

// openedWith opens the ledger in dir with these keys; it is closed again at once, if there is
// no error.
func openedWith(t *testing.T, open Open, dir string, keys consent.Keys, options ...consent.Option) ([]consent.Fingerprint, error) {
	t.Helper()
	store := open(t, dir)
	l, err := consent.New(store, keys, NewClock().Now, slog.New(slog.DiscardHandler), options...)
	if err != nil {
		require.NoError(t, store.Close())
		return nil, err
	}
	prints, err := store.Fingerprints(t.Context())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return prints, nil
}

func another(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

// wrongKeys are keys of which the named one is another.
var wrongKeys = map[consent.KeyName]consent.Keys{
	consent.LookupKey:  {Lookup: another(1), Receipt: Keys.Receipt, Log: Keys.Log},
	consent.ReceiptKey: {Lookup: Keys.Lookup, Receipt: another(1), Log: Keys.Log},
	consent.LogKey:     {Lookup: Keys.Lookup, Receipt: Keys.Receipt, Log: [][]byte{another(1)}},
}

func isWrong(t *testing.T, err error, key consent.KeyName) {
	t.Helper()
	var other *consent.KeyError
	require.ErrorAs(t, err, &other)
	require.Equal(t, key, other.Key)
}

func keysHeldAgainstLedger(t *testing.T, open Open) {
	dir := t.TempDir()
	first, err := openedWith(t, open, dir, Keys)
	require.NoError(t, err)
	require.Len(t, first, 3)
	for key, keys := range wrongKeys {
		_, err := openedWith(t, open, dir, keys)
		isWrong(t, err, key)
		_, err = openedWith(t, open, dir, keys, consent.Beside())
		isWrong(t, err, key)
	}
	again, err := openedWith(t, open, dir, Keys)
	require.NoError(t, err)
	require.Equal(t, first, again, "nothing of the others was taken over")
	none, err := openedWith(t, open, dir, consent.Keys{Lookup: Keys.Lookup, Log: Keys.Log})
	require.NoError(t, err, "a key that is not there is not another one")
	require.Equal(t, first, none)
}

func logKeysOverlap(t *testing.T, open Open) {
	dir, old, younger := t.TempDir(), Keys.Log[0], another(2)
	with := func(log ...[]byte) consent.Keys {
		return consent.Keys{Lookup: Keys.Lookup, Receipt: Keys.Receipt, Log: log}
	}
	_, err := openedWith(t, open, dir, with(old))
	require.NoError(t, err)
	_, err = openedWith(t, open, dir, with(younger))
	isWrong(t, err, consent.LogKey)
	both, err := openedWith(t, open, dir, with(younger, old), consent.Beside())
	require.NoError(t, err)
	require.Len(t, both, 4, "whoever signs with it says so")
	_, err = openedWith(t, open, dir, with(younger))
	isWrong(t, err, consent.LogKey) // the head is signed by the old one alone

	l, err := consent.New(open(t, dir), with(younger, old), NewClock().Now, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	_, err = l.Give(t.Context(), Decision("key-of-what-both-sign"))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	for _, keys := range []consent.Keys{with(younger), with(younger, old)} {
		after, err := openedWith(t, open, dir, keys)
		require.NoError(t, err)
		require.Equal(t, both, after)
	}
}

// A ledger of before there were fingerprints, as a command beside a relay leaves it.
func ledgerOfBefore(t *testing.T, open Open) {
	for name, c := range map[string]struct {
		redeems, erases bool
		adopted         map[consent.KeyName]bool // what cannot be told to be wrong
	}{
		"nothing in it": {false, false, map[consent.KeyName]bool{consent.LookupKey: true, consent.ReceiptKey: true}},
		"redeemed":      {true, false, map[consent.KeyName]bool{consent.ReceiptKey: true}},
		"all erased":    {true, true, map[consent.KeyName]bool{consent.LookupKey: true, consent.ReceiptKey: true}},
	} {
		for key, keys := range wrongKeys {
			dir := t.TempDir()
			l, err := consent.New(open(t, dir), Keys, NewClock().Now, slog.New(slog.DiscardHandler), consent.Beside())
			require.NoError(t, err)
			if c.redeems {
				state, err := l.Give(t.Context(), Decision("key-of-what-is-redeemed"))
				require.NoError(t, err)
				_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: state.ID(), JTI: consent.TokenID(state.ID(), 3), Token: "t", Reply: "r"})
				require.NoError(t, err)
				if c.erases {
					_, err = erase(l, t, state.ID())
					require.NoError(t, err)
				}
			}
			require.NoError(t, l.Close())

			prints, err := openedWith(t, open, dir, Keys, consent.Beside())
			require.NoError(t, err)
			require.Empty(t, prints, "a command takes no keys over")
			_, err = openedWith(t, open, dir, keys)
			if c.adopted[key] {
				require.NoError(t, err, "%s: %s", name, key)
				continue
			}
			isWrong(t, err, key)
			prints, err = openedWith(t, open, dir, Keys)
			require.NoError(t, err, "%s: %s", name, key)
			require.Len(t, prints, 3)
		}
	}
}
