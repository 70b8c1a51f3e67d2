package sqlite

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/storetest"
)

// claiming claims a call under a consent that any is good for.
func claiming(t *testing.T, l *consent.Ledger, id, key string) consent.OTPClaim {
	t.Helper()
	claim, err := l.ClaimOTP(t.Context(), consent.OTPCall{
		ConsentID: id, Site: "pk_site_0", Endpoint: consent.EndpointGenerateOTP, IdempotencyKey: key, Lasts: time.Minute,
		Allowed: func(consent.State) error { return nil },
	})
	require.NoError(t, err)
	return claim
}

// reopened serves a ledger that written has made.
func reopened(t *testing.T, dir string) *consent.Ledger {
	t.Helper()
	store, err := Open(dir)
	require.NoError(t, err)
	l, err := consent.New(store, storetest.Keys, storetest.NewClock().Now, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return l
}

// No text vouches for a call that is not recorded, but it belongs to a consent, and its
// key to nothing else.
func TestAClaimOfACallIsHeldAgainstTheEvents(t *testing.T) {
	dir := written(t)
	l := reopened(t, dir)
	records, _, err := l.BySubject(t.Context(), "pk_site_0", "customer-0", 0, "")
	require.NoError(t, err)
	id := records[0].ID
	settled := claiming(t, l, id, "settled")
	require.NoError(t, l.SettleOTP(t.Context(), settled, consent.Call{Endpoint: settled.Endpoint, Result: "ok", At: storetest.Start}))
	claiming(t, l, id, "open")
	require.NoError(t, l.Close())
	_, err = verify(t, dir, audit.Options{})
	require.NoError(t, err)

	refusal := `(SELECT consent FROM event WHERE kind = 'refused' LIMIT 1)`
	for name, c := range map[string]struct{ statement, says string }{
		"of nobody":           {`UPDATE otp_claim SET consent = x'019ab000000070008000000000000000'`, "there is no consent 019ab000-0000-7000-8000-000000000000"},
		"of a refusal":        {`UPDATE otp_claim SET consent = ` + refusal, "is a refusal"},
		"recorded already":    {`UPDATE otp_claim SET key = (SELECT key FROM claim WHERE idx = (SELECT max(idx) FROM event))`, "its call is recorded in event 30"},
		"of no endpoint":      {`UPDATE otp_claim SET endpoint = 'connect'`, `an endpoint "connect"`},
		"over before it is":   {`UPDATE otp_claim SET until = at`, "it ends before it begins"},
		"before its consent":  {`UPDATE otp_claim SET at = 1`, "its call would be under way for"},
		"with its used event": {`UPDATE claim SET key = zeroblob(16) WHERE idx = 30`, "the rows by which it is looked up"},
		"without it":          {`DELETE FROM claim WHERE idx = 30`, "the rows by which it is looked up"},
	} {
		t.Run(name, func(t *testing.T) {
			at, db := tampered(t, dir)
			run(t, db, c.statement)
			_, err := verify(t, at, audit.Options{})
			require.ErrorContains(t, err, c.says)
			require.True(t, audit.IsFault(err))
		})
	}
	l = reopened(t, dir)
	_, err = l.Erase(t.Context(), consent.Erasure{IDs: []string{id}, Via: consent.ViaOperator, Reason: "case"})
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = verify(t, dir, audit.Options{})
	require.NoError(t, err, "erasing takes it away")
	at, db := tampered(t, dir)
	run(t, db, `INSERT INTO otp_claim (key, owner, consent, endpoint, at, until) SELECT zeroblob(16), zeroblob(16), consent, 'verify-otp', at, at + 1 FROM event WHERE kind = 'erased'`)
	_, err = verify(t, at, audit.Options{})
	require.ErrorContains(t, err, "was erased")
}

func TestALedgerFromBeforeClaimsOfCallsIsVerifiedAndUpgraded(t *testing.T) {
	dir := written(t)
	_, db := tampered(t, dir)
	var file string
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list`).Scan(&file))
	at := file[:len(file)-len("/ledger.db")]
	run(t, db, `DROP TABLE otp_claim`)
	run(t, db, `DROP TABLE fingerprint`)
	for _, table := range []string{"reply", "message", "hold"} {
		run(t, db, `ALTER TABLE `+table+` DROP COLUMN sum`)
	}
	run(t, db, `ALTER TABLE probe DROP COLUMN room`)
	run(t, db, `DELETE FROM goose_db_version WHERE version_id >= 4`)
	_, err := verify(t, at, audit.Options{})
	require.NoError(t, err, "an older relay's ledger can be checked as it is")
	require.NoError(t, db.Close())
	l := reopened(t, at)
	records, _, err := l.BySubject(t.Context(), "pk_site_0", "customer-0", 0, "")
	require.NoError(t, err)
	claiming(t, l, records[0].ID, "first")
	require.NoError(t, l.Close())
	_, err = verify(t, at, audit.Options{})
	require.NoError(t, err)
}
