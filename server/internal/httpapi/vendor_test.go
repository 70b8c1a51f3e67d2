package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// dot is a picture of one dot, in base64.
var dot = func() string {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1)), nil); err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}()

// longSessions has the vendor give ids of the longest kind that is taken.
func longSessions(r *apitest.Relay) string {
	id := strings.Repeat("~", 96)
	r.Vendor.SetIntercept(func(w http.ResponseWriter, _ *http.Request) bool {
		fmt.Fprintf(w, `{"code":200,"transaction_id":%q,"data":{"session_id":%q,"captcha":%q}}`, id, id, dot)
		return true
	})
	return id
}

func TestABusyVendorTakesTheThirdRepeatUnderTheSameConsent(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := r.Decision(t, apitest.Busy)
	first := r.Agree(t, decision).Problem(t)
	for range 2 {
		p := r.Agree(t, decision).Problem(t)
		require.Equal(t, wire.VendorBusy, p.Code)
		require.Equal(t, first.Consent, p.Consent)
	}
	begun := r.Begin(t, decision)
	require.Equal(t, *first.Consent, begun.Consent)
	require.Equal(t, []string{"given", "used", "used", "used", "used"}, r.Kinds(t, apitest.Busy, begun.Consent.ID))
}

// whatever is an answer of the vendor that no documentation has.
func whatever(status int, header http.Header, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	}
}

// A store that is gone altogether: every route that needs it says so.
func TestWithoutAStoreEveryRouteSaysSo(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision, token := r.Decision(t, apitest.Shop), r.NewToken(t, apitest.Shop)
	session := r.Begin(t, r.Decision(t, apitest.Shop)).Session
	sum := decision["notice_sha256"].(string)
	calls := r.Vendor.Stats()
	require.NoError(t, r.Store.Close())
	for name, call := range map[string]apitest.Call{
		"sessions": {Path: "/v1/sessions", Origin: apitest.ShopOrigin, JSON: decision},
		"declines": {Path: "/v1/declines", Origin: apitest.ShopOrigin, JSON: decision},
		"captchas": {Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": session}},
		"answers":  {Path: "/v1/answers", Origin: apitest.ShopOrigin, JSON: M{"session": session, "answer": "abc"}},
		"consent":  {Path: "/v1/consents/019aafbe-0f40-7c3a-9a51-0b7f3f1d2c4e", Secret: apitest.Secret(apitest.Shop)},
		"consents": {Path: "/v1/consents?subject=s", Secret: apitest.Secret(apitest.Shop)},
		"notice":   {Path: "/v1/notices/" + sum},
	} {
		a := r.Do(t, call)
		require.Equal(t, wire.StoreUnavailable, a.Problem(t).Code, name)
	}
	for _, peek := range []bool{false, true} {
		a := r.Do(t, apitest.Call{Path: "/v1/siteverify", JSON: M{"secret": apitest.Secret(apitest.Shop), "response": token, "peek": peek}})
		require.Equal(t, 503, a.Status)
		require.JSONEq(t, `{"success":false,"error-codes":["internal-error"]}`, string(a.Body))
	}
	require.Equal(t, calls, r.Vendor.Stats())
	require.Equal(t, 503, r.Do(t, apitest.Call{Path: "/readyz"}).Status)
	require.Equal(t, 200, r.Do(t, apitest.Call{Path: "/healthz"}).Status)
	require.FileExists(t, filepath.Join(r.Data, "ledger.db"))
	_, err := os.ReadDir(r.Data)
	require.NoError(t, err)
}
