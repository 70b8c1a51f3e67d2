package postgres

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

// An index that lacks a row of its table, as after a bit of it was flipped, is found
// and named. Package sqlite flips the bits.
func TestARowThatAnIndexLacksIsFound(t *testing.T) {
	dsn := pgtest.Database(t)
	l := relay(t, dsn, storetest.NewClock())
	for i := range 6 {
		d := noticed(t, l, fmt.Sprintf("key-number-%06d", i))
		d.Subject, d.SubjectSource = fmt.Sprint("customer-", i), "page"
		state, err := l.Give(t.Context(), d)
		require.NoError(t, err)
		_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: state.ID(), JTI: d.IdempotencyKey, Token: "t", Reply: "r", IdempotencyKey: "key"})
		require.NoError(t, err)
		_, err = l.ClaimOTP(t.Context(), otpCall(state, fmt.Sprint("call-", i)))
		require.NoError(t, err)
		require.NoError(t, l.Hold(t.Context(), state.ID(), "case"))
		_, err = l.Withdraw(t.Context(), consent.Withdrawal{ID: state.ID(), Via: consent.ViaPartner})
		require.NoError(t, err)
	}
	verified(t, dsn)
	conn := connected(t, dsn)
	do := func(statement string, args ...any) {
		t.Helper()
		_, err := conn.Exec(t.Context(), statement, args...)
		require.NoError(t, err, statement)
	}
	from, err := Inspect(t.Context(), secret.New(dsn))
	require.NoError(t, err)
	indexes, err := from.indexes(t.Context())
	require.NoError(t, err)
	require.NoError(t, from.Close())
	var names []string
	for _, x := range indexes {
		names = append(names, x.name)
	}
	require.Equal(t, []string{"checkpoint_pkey", "claim_pkey", "event_consent", "event_pkey", "fingerprint_pkey", "fork_pkey", "hold_pkey", "log_key_pkey", "log_key_vkey_key",
		"message_due", "message_pkey", "notice_pkey", "otp_claim_consent", "otp_claim_pkey", "place_pkey", "reply_at", "reply_pkey"}, names)
	for _, x := range indexes {
		if x.table == "fork" { // has no row
			continue
		}
		t.Run(x.name, func(t *testing.T) {
			// The rows are written anew while nobody keeps the index.
			do("ALTER TABLE " + x.table + " DISABLE TRIGGER USER")
			do("CREATE TABLE was AS SELECT * FROM " + x.table)
			do("DELETE FROM " + x.table + " WHERE ctid = (SELECT max(ctid) FROM " + x.table + ")")
			do("UPDATE pg_index SET indisready = false WHERE indexrelid = $1::text::regclass", x.name)
			do("INSERT INTO " + x.table + " SELECT * FROM was EXCEPT SELECT * FROM " + x.table)
			do("UPDATE pg_index SET indisready = true WHERE indexrelid = $1::text::regclass", x.name)
			_, err := verify(t, dsn)
			do("DROP TABLE was")
			do("REINDEX TABLE " + x.table)
			require.True(t, audit.IsFault(err), "not noticed: %v", err)
			says, ok := map[string]string{ // what is read by them first
				"checkpoint_pkey": "it was published and is missing", "event_pkey": "event 17: it is missing", "log_key_pkey": "no verifiable signatures",
			}[x.name]
			if !ok {
				says = "index " + x.name + ": the row "
			}
			require.ErrorContains(t, err, says)
		})
	}
	verified(t, dsn)
}

// What no event's text vouches for has a sum.
func TestAChangeOfALooseRowIsFoundAndNamed(t *testing.T) {
	dsn := pgtest.Database(t)
	clock := storetest.NewClock()
	l := relay(t, dsn, clock)
	state, err := l.Give(t.Context(), noticed(t, l, "key-of-a-loose-one"))
	require.NoError(t, err)
	_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: state.ID(), JTI: "jti", Token: "t", Reply: "r", IdempotencyKey: "key"})
	require.NoError(t, err)
	clock.Move(time.Second)
	_, err = l.ClaimOTP(t.Context(), otpCall(state, "call"))
	require.NoError(t, err)
	require.NoError(t, l.Hold(t.Context(), state.ID(), "case"))
	_, err = l.Withdraw(t.Context(), consent.Withdrawal{ID: state.ID(), Via: consent.ViaPartner})
	require.NoError(t, err)
	verified(t, dsn)
	conn := connected(t, dsn)
	do := func(statement string) {
		t.Helper()
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	do("ALTER TABLE otp_claim DISABLE TRIGGER USER")
	for table, columns := range map[string][]string{
		"reply": {"idx = idx + 1", "at = at + 1", "value = 'x'"}, "message": {"site = 'x'", "body = 'x'", "made = made + 1"},
		"hold": {"consent = gen_random_uuid()", "reason = 'x'", "since = since + 1"}, "otp_claim": {"owner = gen_random_uuid()", "at = at + 1", "until = until + 1"},
	} {
		for _, set := range columns {
			do("BEGIN")
			do("CREATE TABLE was AS SELECT * FROM " + table)
			do("UPDATE " + table + " SET " + set)
			do("COMMIT")
			_, err := verify(t, dsn)
			do("BEGIN")
			do("DELETE FROM " + table)
			do("INSERT INTO " + table + " SELECT * FROM was")
			do("DROP TABLE was")
			do("COMMIT")
			require.True(t, audit.IsFault(err), "%s: %s: %v", table, set, err)
			require.ErrorContains(t, err, table+" ")
		}
	}
	do("UPDATE hold SET sum = NULL, reason = 'x'")
	verified(t, dsn) // as an older relay wrote it
}
