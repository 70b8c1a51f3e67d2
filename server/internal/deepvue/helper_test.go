package deepvue_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/secret"
)

const (
	clientID     = "live_canary-client"
	clientSecret = "canary-secret"
	purpose      = "KYC: account opening & 100% check + é"
)

// decisions are recorded in a real ledger: nothing else makes a Committed.
type decisions struct {
	t      *testing.T
	ledger *consent.Ledger
}

func newDecisions(t *testing.T) decisions {
	t.Helper()
	store, err := sqlite.Open(t.TempDir())
	require.NoError(t, err)
	ledger, err := consent.New(store, storetest.Keys, time.Now, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ledger.Close()) })
	return decisions{t, ledger}
}

func (d decisions) decision(account string) consent.Decision {
	return consent.Decision{
		Site: "pk_site", Account: account, Purpose: "account-opening", VendorPurpose: purpose,
		NoticeID: "n", NoticeVersion: "1", NoticeSHA256: "00", Lang: "en", Requested: "en",
		ShownAt: time.Now(), Nonce: "nonce", Origin: "https://partner.example", Channel: "widget",
		Actor: "self", IdempotencyKey: d.t.Name() + account,
	}
}

func (d decisions) give(account string) consent.Committed {
	d.t.Helper()
	state, err := d.ledger.Give(d.t.Context(), d.decision(account))
	require.NoError(d.t, err)
	return state.Committed
}

func (d decisions) refuse(account string) consent.Committed {
	d.t.Helper()
	state, err := d.ledger.Refuse(d.t.Context(), d.decision(account))
	require.NoError(d.t, err)
	return state.Committed
}

// vendor is a server that the test scripts, counting what arrives.
type vendor struct {
	*httptest.Server
	calls atomic.Int32
}

// newVendor gives the handler the number of the call, from 1.
func newVendor(t *testing.T, handle func(w http.ResponseWriter, r *http.Request, call int)) *vendor {
	t.Helper()
	v := new(vendor)
	v.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handle(w, r, int(v.calls.Add(1)))
	}))
	v.Config.ErrorLog = log.New(io.Discard, "", 0)
	v.Start()
	t.Cleanup(v.Close)
	return v
}

func account(url string) deepvue.Account {
	return deepvue.Account{Name: "main", URL: url, ClientID: clientID, ClientSecret: secret.New(clientSecret)}
}

func newClient(t *testing.T, url string, opts ...deepvue.Option) *deepvue.Client {
	t.Helper()
	c, err := deepvue.New(account(url), append([]deepvue.Option{deepvue.Backoff(time.Millisecond)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// asError is the client's own error: nothing else may come from a call.
func asError(t *testing.T, err error) *deepvue.Error {
	t.Helper()
	var e *deepvue.Error
	require.ErrorAs(t, err, &e)
	require.Nil(t, errors.Unwrap(err), "nothing of a transport's error is kept")
	return e
}

// picture is a JPEG of this size.
func picture(width, height int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// resized is a small picture whose header claims another size.
func resized(width, height int) []byte {
	b := picture(8, 8)
	at := bytes.Index(b, []byte{0xFF, 0xC0})
	copy(b[at+5:], []byte{byte(height >> 8), byte(height), byte(width >> 8), byte(width)})
	return b
}

func b64(raw []byte) string { return base64.StdEncoding.EncodeToString(raw) }

// started is the body of a good answer to connect.
func started(captcha string) string {
	return `{"code":200,"timestamp":1738303175394,"transaction_id":"txn-1","data":{"session_id":"session-1","captcha":"` + captcha + `"},"new_member":{"x":[1]}}`
}

func good() string { return started(b64(picture(200, 70))) }

func say(status int, body string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// whenGone waits until the caller has gone away.
func whenGone(ctx context.Context) { <-ctx.Done() }
