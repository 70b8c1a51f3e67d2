package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"
)

// serving is a ledger that a relay has open while an operator's commands run
// beside it.
type serving struct {
	*consent.Ledger
	dir   string
	clock *storetest.Clock
}

// It was opened that long ago, by its clock.
func newServing(t *testing.T, ago ...time.Duration) *serving {
	t.Helper()
	s := &serving{dir: t.TempDir(), clock: storetest.NewClock()}
	for _, d := range ago {
		s.clock.Move(-d)
	}
	_, err := config.CreateKeys(filepath.Join(s.dir, config.KeysFile), time.Now())
	require.NoError(t, err)
	s.open(t)
	require.NoError(t, s.PutNotice(t.Context(), noticeSum, noticeText))
	return s
}

var (
	noticeText = []byte(`{"dir":"ltr","id":"n","lang":"hi","panel":["section",{}],"version":"3"}`)
	noticeSum  = fmt.Sprintf("%x", sha256.Sum256(noticeText))
)

// decision is a complete decision about a notice that is kept.
func decision(key string) consent.Decision {
	d := storetest.Decision(key)
	d.NoticeSHA256 = noticeSum
	return d
}

func (s *serving) open(t *testing.T) {
	t.Helper()
	keys, err := config.LoadKeys(filepath.Join(s.dir, config.KeysFile))
	require.NoError(t, err)
	store, err := sqlite.Open(s.dir)
	require.NoError(t, err)
	s.Ledger, err = consent.New(store, app.LedgerKeys(keys), s.clock.Now, slog.New(slog.DiscardHandler),
		consent.WithLog(consent.LogOptions{Origin: consent.SandboxOrigin, Anchor: filepath.Join(s.dir, app.AnchorFile)}))
	require.NoError(t, err)
	opened := s.Ledger
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
}

func (s *serving) give(t *testing.T, key string) consent.State {
	t.Helper()
	d := decision(key)
	d.Subject, d.SubjectSource = "customer of "+key, "ticket"
	state, err := s.Give(t.Context(), d)
	require.NoError(t, err)
	return state
}

// consents runs `relay consents` on the ledger and expects it to succeed.
func (s *serving) consents(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := relayed(t, nil, append(append([]string{"consents"}, args...), "--data", s.dir)...)
	require.Zero(t, code, stderr)
	return stdout
}

func (s *serving) refused(t *testing.T, want string, args ...string) {
	t.Helper()
	code, _, stderr := relayed(t, nil, append(append([]string{"consents"}, args...), "--data", s.dir)...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, want)
}

func TestRecordsAreErasedBesideARelayThatServes(t *testing.T) {
	s := newServing(t)
	gone, stays := s.give(t, "key-of-the-erased-one"), s.give(t, "key-of-the-other-one")
	out := s.consents(t, "erase", gone.ID(), "--reason", "case 4711")
	require.Contains(t, out, "1 record erased")
	require.Contains(t, out, "no partner was told")
	_, err := s.State(t.Context(), gone.ID())
	require.ErrorIs(t, err, consent.ErrErased)
	s.give(t, "key-of-a-later-one") // the relay goes on where the command left off
	record, err := s.Record(t.Context(), stays.ID())
	require.NoError(t, err)
	require.NotEmpty(t, record.Body)
	code, stdout, stderr := relayed(t, nil, "log", "verify", "--data", s.dir)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "1 of them erased")

	s.refused(t, "not found", "erase", "019ab000-0000-7000-8000-000000000000", "--reason", "x")
	s.refused(t, "name the records and a reason", "erase", stays.ID())
	s.refused(t, "name the records and a reason", "erase", "--expired", "--reason", "x")
	require.Contains(t, s.consents(t, "erase", "--expired"), "0 records erased")
}

func TestARecordIsHeldUntilItIsReleased(t *testing.T) {
	s := newServing(t)
	state := s.give(t, "key-of-the-held-one")
	require.Empty(t, s.consents(t, "holds"))
	s.consents(t, "hold", state.ID(), "--reason", "court of Pune, 12/2026")
	require.Contains(t, s.consents(t, "holds"), state.ID()+"  since 20")
	require.Contains(t, s.consents(t, "holds"), "court of Pune, 12/2026")
	s.refused(t, "relay consents release", "erase", state.ID(), "--reason", "x")
	s.consents(t, "release", state.ID())
	require.Empty(t, s.consents(t, "holds"))
	require.Contains(t, s.consents(t, "erase", state.ID(), "--reason", "x"), "1 record erased")
	s.refused(t, "consent", "hold", state.ID(), "--reason", "too late")
}

func TestWhatWasKeptLongEnoughIsErased(t *testing.T) {
	s := newServing(t, 8*365*24*time.Hour)
	old := s.give(t, "key-of-an-old-one")
	s.clock.Move(8 * 365 * 24 * time.Hour)
	young := s.give(t, "key-of-a-young-one")
	require.Contains(t, s.consents(t, "erase", "--expired"), "1 record erased")
	_, err := s.State(t.Context(), old.ID())
	require.ErrorIs(t, err, consent.ErrErased)
	_, err = s.State(t.Context(), young.ID())
	require.NoError(t, err)
}

func TestAnExportHoldsTheExactBytesAndTheirHash(t *testing.T) {
	s := newServing(t)
	first := s.give(t, "key-of-the-first-one")
	_, err := s.Withdraw(t.Context(), consent.Withdrawal{ID: first.ID(), Via: consent.ViaReceipt})
	require.NoError(t, err)
	s.clock.Move(24 * time.Hour)
	second := s.give(t, "key-of-the-second-one")
	s.clock.Move(24 * time.Hour)
	third := s.give(t, "key-of-the-third-one")
	s.consents(t, "erase", third.ID(), "--reason", "case 4711")

	out := s.consents(t, "export")
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	require.Len(t, lines, 3)
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &line))
	require.Equal(t, "ekyc-connect/consent-export/v1", line["schema"])
	require.NotEmpty(t, line["software"].(map[string]any)["version"])
	require.Equal(t, map[string]any{"record_id": first.ID(), "receipt_id": first.ID() + "@0",
		"schema": "ekyc-connect/consent-record/v1", "state": "withdrawn"}, line["record"])
	processing, party := line["processing"].(map[string]any), line["party"].(map[string]any)
	require.Equal(t, "To open your account", processing["purpose_text"])
	require.Equal(t, noticeSum, processing["notice_sha256"])
	require.Equal(t, "https://partner.example", party["origin"])
	require.NotContains(t, out, "customer of")
	events := line["event"].([]any)
	require.Len(t, events, 2)
	given := events[0].(map[string]any)
	require.Equal(t, map[string]any{"utc": "2026-11-23T04:30:00.123Z", "ist": "2026-11-23T10:00:00.123+05:30"}, given["time"])
	sum := sha256.Sum256([]byte(given["text"].(string)))
	require.Equal(t, hex.EncodeToString(sum[:]), given["hash"])
	record, err := s.Record(t.Context(), first.ID())
	require.NoError(t, err)
	require.Equal(t, string(record.Body), given["text"])
	require.Equal(t, "receipt", events[1].(map[string]any)["via"])

	require.Contains(t, lines[1], second.ID())
	var erased map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[2]), &erased))
	require.Equal(t, "erased", erased["record"].(map[string]any)["state"])
	require.NotContains(t, erased, "processing")
	require.NotContains(t, erased["event"].([]any)[0], "text")

	only := func(args ...string) (ids []string) {
		for line := range strings.Lines(s.consents(t, append([]string{"export"}, args...)...)) {
			var l struct{ Record struct{ RecordID string } }
			require.NoError(t, json.Unmarshal(bytes.ReplaceAll([]byte(line), []byte("record_id"), []byte("RecordID")), &l))
			ids = append(ids, l.Record.RecordID)
		}
		return ids
	}
	require.Equal(t, []string{second.ID(), third.ID()}, only("--since", "2026-11-24"))
	require.Equal(t, []string{first.ID()}, only("--until", "2026-11-24T00:00:00Z"))
	require.Equal(t, []string{second.ID()}, only("--since", "2026-11-24", "--until", "2026-11-25"))
	require.Equal(t, []string{second.ID()}, only("--subject", "customer of key-of-the-second-one", "--site", "pk_test_pass"))
	require.Empty(t, only("--subject", "customer of key-of-the-second-one", "--site", "pk_test_other"))
	s.refused(t, "belong together", "export", "--subject", "x")
	s.refused(t, "--since needs a day such as", "export", "--since", "yesterday")

	file := filepath.Join(t.TempDir(), "records.jsonl")
	require.Empty(t, s.consents(t, "export", "--out", file))
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(written), "\n"))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	s.refused(t, "exists", "export", "--out", file)
}

func TestACommandOnALedgerThatIsNotThereMakesNone(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"consents", "export"}, {"consents", "holds"}, {"store", "rekey", "--key", "lookup", "--reason", "x"}, {"store", "backup", "--out", filepath.Join(dir, "b.db")}} {
		code, _, stderr := relayed(t, nil, append(args, "--data", dir)...)
		require.Equal(t, 1, code)
		require.Contains(t, stderr, "there is no ledger at")
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
