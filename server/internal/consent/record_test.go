package consent_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
)

// normal replaces what is random.
func normal(t *testing.T, body []byte, id string) string {
	text := strings.ReplaceAll(string(body), id, "RECORD")
	var members map[string]any
	require.NoError(t, json.Unmarshal(body, &members))
	if principal, ok := members["principal_id"].(string); ok {
		require.Len(t, principal, 22)
		text = strings.ReplaceAll(text, principal, "PRINCIPAL")
	}
	if lookups, ok := members["lookups_sha256"].(string); ok {
		require.Len(t, lookups, 43)
		text = strings.ReplaceAll(text, lookups, "LOOKUPS")
	}
	return text
}

func TestARecordSaysWhatWasDecided(t *testing.T) {
	l, _, clock := newFaulty(t)
	d := storetest.Decision(key(1))
	d.Subject, d.SubjectSource, d.TicketID = "customer-1", "ticket", "ticket-1"
	d.Alternative = "a refusal's only"
	given, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	clock.Move(time.Second)
	_, err = l.Used(t.Context(), given.Committed, []consent.Call{{
		Endpoint: "connect", Result: "ok", TransactionID: "txn-<1>", At: storetest.Start.Add(500 * time.Millisecond)}})
	require.NoError(t, err)
	clock.Move(time.Second)
	_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: given.ID(), JTI: "jti", Token: "token", Reply: "sealed"})
	require.NoError(t, err)
	record, err := l.Consent(t.Context(), d.Site, given.ID())
	require.NoError(t, err)
	require.Equal(t, `{"schema":"ekyc-connect/consent-record/v1","record_id":"RECORD",`+
		`"event":{"state":"given","time":"2026-11-23T04:30:00.123Z","entity":"self","type":"explicit, by button","collection_method":"web-widget/1.2.3+0123456789abcdef"},`+
		`"site":"pk_test_pass","lookups_sha256":"LOOKUPS","valid_from":"2026-11-23T04:30:00.123Z","expires_at":"2026-11-23T05:00:00.123Z","fetch_type":"ONETIME",`+
		`"principal_id":"PRINCIPAL","subject_source":"ticket","account":"main","origin":"https://partner.example","channel":"widget",`+
		`"client_version":"1.2.3","client_build":"0123456789abcdef","notice_id":"account-opening","notice_version":"3",`+
		`"notice_sha256":"0000000000000000000000000000000000000000000000000000000000000007","language":"hi","requested_language":"hi-IN",`+
		`"purpose_id":"account-opening","purpose_text":"To open your account","lawful_basis":"in-dpdp-s6-consent","jurisdiction":"IN",`+
		`"presented_at":"2026-11-23T04:29:00.123Z","session_nonce":"nonce-of-the-presentation","ui_state":"unticked"}`,
		normal(t, record.Body, given.ID()))
	require.Equal(t, `{"schema":"ekyc-connect/consent-record/v1","record_id":"RECORD",`+
		`"event":{"state":"used","time":"2026-11-23T04:30:01.123Z","entity":"relay"},"prev_event":0,"site":"pk_test_pass",`+
		`"endpoint":"connect","result":"ok","called_at":"2026-11-23T04:30:00.623Z","vendor_txn_id":"txn-<1>"}`,
		normal(t, record.Events[1].Body, given.ID()))
	require.Equal(t, `{"schema":"ekyc-connect/consent-record/v1","record_id":"RECORD",`+
		`"event":{"state":"redeemed","time":"2026-11-23T04:30:02.123Z","entity":"partner"},"prev_event":1,"site":"pk_test_pass","lookups_sha256":"LOOKUPS"}`,
		normal(t, record.Events[2].Body, given.ID()))

	id, err := uuid.Parse(given.ID())
	require.NoError(t, err)
	require.EqualValues(t, 7, id.Version())
	require.Equal(t, uuid.RFC4122, id.Variant())
	seconds, nanoseconds := id.Time().UnixTime()
	require.Equal(t, storetest.Start, time.Unix(seconds, nanoseconds).UTC(), "ids are in the order of the ledger's time")
}

func TestARefusalSaysNothingAboutWhoRefused(t *testing.T) {
	l, _, _ := newFaulty(t)
	d := storetest.Decision(key(1))
	d.Alternative = "other-id"
	refused, err := l.Refuse(t.Context(), d)
	require.NoError(t, err)
	record, err := l.Consent(t.Context(), d.Site, refused.ID())
	require.NoError(t, err)
	require.Contains(t, string(record.Body), `"state":"refused"`)
	require.Contains(t, string(record.Body), `"alternative_chosen":"other-id"`)
	for _, absent := range []string{"principal_id", "valid_from", "expires_at", "fetch_type"} {
		require.NotContains(t, string(record.Body), absent)
	}
}

func TestPrincipalsAreOneForASubjectOfASiteAndElseRandom(t *testing.T) {
	l, _, _ := newFaulty(t)
	principal := func(i int, site, subject string) string {
		d := storetest.Decision(key(i))
		d.Site, d.Subject = site, subject
		given, err := l.Give(t.Context(), d)
		require.NoError(t, err)
		record, err := l.Consent(t.Context(), site, given.ID())
		require.NoError(t, err)
		var text struct {
			Principal string `json:"principal_id"`
		}
		require.NoError(t, json.Unmarshal(record.Body, &text))
		return text.Principal
	}
	one := principal(1, "pk_a", "customer")
	require.Equal(t, one, principal(2, "pk_a", "customer"))
	require.NotEqual(t, one, principal(3, "pk_b", "customer"))
	require.NotEqual(t, one, principal(4, "pk_ac", "ustomer"), "the parts are told apart")
	require.NotEqual(t, principal(5, "pk_a", ""), principal(6, "pk_a", ""))
}
