package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
)

// webhooks runs `relay webhooks` on a ledger.
func (s *serving) webhooks(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return relayed(t, nil, append(append([]string{"webhooks"}, args...), "--data", s.dir)...)
}

func TestMessagesThatWereGivenUpAreSentAgainOrPutAway(t *testing.T) {
	s := newServing(t)
	require.NoError(t, s.Close())
	keys, err := config.LoadKeys(s.dir + "/" + config.KeysFile)
	require.NoError(t, err)
	store, err := sqlite.Open(s.dir)
	require.NoError(t, err)
	s.Ledger, err = consent.New(store, app.LedgerKeys(keys), s.clock.Now, slog.New(slog.DiscardHandler),
		consent.WithLog(consent.LogOptions{Origin: consent.SandboxOrigin}), consent.WithOutbox(func(string) bool { return true }, nil))
	require.NoError(t, err)
	defer s.Close()
	var ids []string
	for _, key := range []string{"key-of-the-first-person", "key-of-the-second-person", "key-of-the-third-person"} {
		state := s.give(t, key)
		_, err := s.Withdraw(t.Context(), consent.Withdrawal{ID: state.ID(), Via: consent.ViaReceipt})
		require.NoError(t, err)
		ids = append(ids, "msg_"+strings.ReplaceAll(state.ID(), "-", "")+"_withdrawn")
	}
	waiting, err := s.Messages(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, waiting, 3)
	for _, m := range waiting {
		require.NoError(t, s.GiveUp(t.Context(), m.Index))
	}
	counts := func() []int {
		waiting, givenUp, err := s.MessageCount(t.Context())
		require.NoError(t, err)
		return []int{waiting, givenUp}
	}
	require.Equal(t, []int{0, 3}, counts())

	code, stdout, stderr := s.webhooks(t, "list")
	require.Zero(t, code, stderr)
	require.Equal(t, 3, strings.Count(stdout, "\n"))
	for _, id := range ids {
		require.Contains(t, stdout, id+"  of pk_test_pass  since ")
	}
	code, stdout, stderr = s.webhooks(t, "resend", ids[1])
	require.Zero(t, code, stderr)
	require.Equal(t, "1 message to be sent again\n", stdout)
	require.Equal(t, []int{1, 2}, counts())
	m, ok, _, err := s.Take(t.Context(), time.Now(), time.Now())
	require.NoError(t, err)
	require.True(t, ok, "the relay that serves finds it")
	require.Zero(t, m.Tries)

	code, stdout, stderr = s.webhooks(t, "discard", ids[0], ids[1])
	require.Equal(t, 1, code)
	require.Equal(t, "1 message put away\n", stdout)
	require.Contains(t, stderr, ids[1]+" is no message that was given up", "nor can one be put away that waits")
	require.Equal(t, []int{1, 1}, counts())
	code, _, stderr = s.webhooks(t, "resend", "--all")
	require.Zero(t, code, stderr)
	require.Equal(t, []int{2, 0}, counts())
	for _, args := range [][]string{{"resend"}, {"discard", ids[0], "--all"}} {
		code, _, stderr = s.webhooks(t, args...)
		require.Equal(t, 1, code)
		require.Contains(t, stderr, "--all")
	}
}
