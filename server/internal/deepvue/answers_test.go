package deepvue_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/script"
)

func TestAnswers(t *testing.T) {
	committed := newDecisions(t).give("main")
	for _, row := range script.Rows() {
		t.Run(row.Name, func(t *testing.T) {
			t.Parallel() // some wait for their deadline
			v := newVendor(t, row.Answer)
			c := newClient(t, v.URL, deepvue.Deadline(row.Deadline()))
			session, calls, err := c.Connect(t.Context(), committed, deepvue.AtMost(3))
			require.Len(t, calls, row.Calls())
			require.EqualValues(t, len(calls), v.Calls.Load(), "each request is one call")
			last := calls[len(calls)-1]
			for _, call := range calls {
				require.Equal(t, "connect", call.Endpoint)
				require.WithinDuration(t, time.Now(), call.At, time.Minute)
			}
			if row.Code == "" {
				require.NoError(t, err)
				require.Equal(t, "session-1", session.ID)
				require.Equal(t, b64(picture(200, 70)), session.Captcha)
				require.Equal(t, session.TransactionID, last.TransactionID)
				require.Equal(t, "ok", last.Result)
				return
			}
			e := asError(t, err)
			require.Equal(t, row.Code, e.Code)
			require.Equal(t, row.Status, e.Status)
			require.Equal(t, row.Class, e.Class)
			require.Equal(t, string(row.Code), last.Result)
			require.Zero(t, session)
			require.Equal(t, row.After, e.RetryAfter)
		})
	}
}

// Reload-captcha looks for no session id, and else for the same: a picture.
func TestAnswersToReload(t *testing.T) {
	committed := newDecisions(t).give("main")
	for _, row := range script.Rows() {
		t.Run(row.Name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t, row.Answer)
			c := newClient(t, v.URL, deepvue.Deadline(row.Deadline()))
			fresh, calls, err := c.ReloadCaptcha(t.Context(), committed, "session-1", deepvue.AtMost(3))
			require.Len(t, calls, row.Calls())
			require.EqualValues(t, len(calls), v.Calls.Load())
			require.Equal(t, "reload-captcha", calls[0].Endpoint)
			if row.Code == "" {
				require.NoError(t, err)
				require.Equal(t, b64(picture(200, 70)), fresh.Captcha)
				return
			}
			e := asError(t, err)
			require.Equal(t, row.Code, e.Code)
			require.Equal(t, row.Status, e.Status)
			require.True(t, e.Sent)
			require.Equal(t, string(row.Code), calls[len(calls)-1].Result)
		})
	}
}

func TestTheVendorsReferenceIsKeptWithAProblem(t *testing.T) {
	v := newVendor(t, say(200, `{"code":null,"message":"x","transaction_id":"txn-7"}`))
	_, calls, err := newClient(t, v.URL).Connect(t.Context(), newDecisions(t).give("main"), deepvue.AtMost(3))
	require.Error(t, err)
	require.Equal(t, "txn-7", calls[0].TransactionID)
}
