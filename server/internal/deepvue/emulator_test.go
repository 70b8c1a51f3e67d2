package deepvue_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/deepvue/script"
	"ekycconnect/wasm/wire"
)

// emulated is a client of one of the double's accounts.
func emulated(t *testing.T, sitekey string, o sandbox.Options, opts ...deepvue.Option) (*sandbox.Server, *deepvue.Client) {
	t.Helper()
	double := sandbox.New(o)
	server := httptest.NewServer(double)
	t.Cleanup(server.Close)
	a, ok := sandbox.Credentials(sitekey)
	require.True(t, ok)
	opts = append([]deepvue.Option{deepvue.Trace(sandbox.TraceHeader), deepvue.Backoff(time.Millisecond)}, opts...)
	c, err := deepvue.New(deepvue.Account{Name: "main", URL: server.URL, ClientID: a.ClientID, ClientSecret: a.ClientSecret}, opts...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return double, c
}

func TestTheTestAccounts(t *testing.T) {
	committed := newDecisions(t).give("main")
	for sitekey, want := range map[string]struct {
		code   wire.Code
		status int
		calls  int
	}{
		"pk_test_pass":         {"", 200, 1},
		"pk_test_expired":      {"", 200, 1},
		"pk_test_wrongcaptcha": {"", 200, 1},
		"pk_test_slow":         {wire.VendorTimeout, 0, 1},
		"pk_test_busy":         {wire.VendorBusy, 429, 1},
		"pk_test_down":         {wire.VendorUnavailable, 503, 3},
		"pk_test_rejected":     {wire.VendorRejected, 401, 1},
		"pk_test_badjpeg":      {wire.VendorBadAnswer, 200, 1},
	} {
		t.Run(sitekey, func(t *testing.T) {
			deadline := time.Minute
			if sitekey == "pk_test_slow" {
				deadline = 2 * time.Second
			}
			double, c := emulated(t, sitekey, sandbox.Options{Slow: time.Hour}, deepvue.Deadline(deadline))
			session, calls, err := c.Connect(t.Context(), committed, deepvue.AtMost(3))
			require.Len(t, calls, want.calls)
			require.Equal(t, want.calls, double.Connects(committed.ID()))
			require.Zero(t, double.Stats().Untraced)
			if want.code != "" {
				e := asError(t, err)
				require.Equal(t, want.code, e.Code)
				require.Equal(t, want.status, e.Status)
				return
			}
			require.NoError(t, err)
			_, known := double.Letters(session.ID)
			require.True(t, known)
			fresh, calls, err := c.ReloadCaptcha(t.Context(), committed, session.ID, deepvue.AtMost(3))
			require.NoError(t, err)
			require.Equal(t, fresh.TransactionID, calls[0].TransactionID)
			require.NotEqual(t, session.Captcha, fresh.Captcha)
		})
	}
}

func TestBusyPassesAtTheThirdRepeat(t *testing.T) {
	committed := newDecisions(t).give("main")
	_, c := emulated(t, "pk_test_busy", sandbox.Options{})
	for range 3 {
		_, _, err := c.Connect(t.Context(), committed, deepvue.AtMost(3))
		require.Equal(t, 2*time.Second, asError(t, err).RetryAfter)
	}
	_, _, err := c.Connect(t.Context(), committed, deepvue.AtMost(3))
	require.NoError(t, err)
}

func TestManyAtOnceGetSessionsOfTheirOwn(t *testing.T) {
	committed := newDecisions(t).give("main")
	double, c := emulated(t, "pk_test_pass", sandbox.Options{})
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			session, calls, err := c.Connect(t.Context(), committed, deepvue.AtMost(3))
			if err != nil || len(calls) != 1 || session.ID == "" {
				t.Errorf("%v, %d calls", err, len(calls))
			}
		})
	}
	group.Wait()
	require.Equal(t, 64, double.Stats().Sessions)
}

// The emulator's own refusals, as the client reads them.
func TestTheEmulatorsNumbers(t *testing.T) {
	committed := newDecisions(t).give("main")
	refused := script.Outcome{Code: wire.VendorRefused, Class: "refused"}
	for number, want := range map[string]struct{ first, second, verify, again script.Outcome }{
		"200000000097": {},
		"200000000013": {first: refused, second: refused},
		"200000000021": {first: refused, second: refused},
		"200000000032": {first: script.Outcome{Code: wire.VendorUnavailable, Class: "source_unavailable"}, second: script.Outcome{Code: wire.VendorUnavailable, Class: "source_unavailable"}},
		"200000000045": {verify: refused},
		"200000000050": {verify: refused, again: refused},
		"200000000066": {first: refused},
	} {
		t.Run(number, func(t *testing.T) {
			_, c := emulated(t, "pk_test_pass", sandbox.Options{})
			begun, _, err := c.Connect(t.Context(), committed, always)
			require.NoError(t, err)
			generate := func() script.Outcome {
				_, calls, err := c.GenerateOTP(t.Context(), committed, begun.ID, letters, number, always)
				require.Len(t, calls, 1)
				return outcomeOf(t, err)
			}
			require.Equal(t, want.first, generate())
			require.Equal(t, want.second, generate())
			if want.second != (script.Outcome{}) {
				return
			}
			person, calls, err := c.VerifyOTP(t.Context(), committed, begun.ID, otp, always)
			require.Equal(t, want.verify, outcomeOf(t, err))
			require.Len(t, calls, 1)
			if err != nil {
				person, _, err = c.VerifyOTP(t.Context(), committed, begun.ID, otp, always)
				require.Equal(t, want.again, outcomeOf(t, err))
			}
			if err == nil {
				require.Contains(t, string(person.Data()), `"maskedNumber":"xxxx-xxxx-`+number[8:]+`"`)
				person.Close()
			}
		})
	}
}

// The emulator says what the scripted vendor says, at each step of a verification that
// it has carried so far.
func TestTheEmulatorSpeaksEveryRowAtEveryStep(t *testing.T) {
	committed := newDecisions(t).give("main")
	for _, row := range script.Rows() {
		if row.Slow {
			continue // waits are the client's affair
		}
		t.Run(row.Name, func(t *testing.T) {
			t.Parallel()
			double, c := emulated(t, "pk_test_pass", sandbox.Options{})
			begun, _, err := c.Connect(t.Context(), committed, always)
			require.NoError(t, err)
			speaks := func(endpoint string) {
				double.SetIntercept(func(w http.ResponseWriter, r *http.Request) bool {
					if !strings.HasSuffix(r.URL.Path, "/"+endpoint) {
						return false
					}
					row.Answer(w, r, 1)
					return true
				})
			}
			speaks("generate-otp")
			_, calls, err := c.GenerateOTP(t.Context(), committed, begun.ID, letters, number, always)
			require.Len(t, calls, 1)
			require.Equal(t, row.OTP, outcomeOf(t, err))
			speaks("verify-otp")
			_, _, err = c.GenerateOTP(t.Context(), committed, begun.ID, letters, number, always)
			require.NoError(t, err)
			person, calls, err := c.VerifyOTP(t.Context(), committed, begun.ID, otp, always)
			require.Len(t, calls, 1)
			require.Equal(t, row.Verified(), outcomeOf(t, err))
			if err == nil {
				person.Close()
			}
			speaks("nothing")
			person, _, err = c.VerifyOTP(t.Context(), committed, begun.ID, otp, always)
			require.NoError(t, err, "what was intercepted has changed nothing")
			person.Close()
		})
	}
}

func outcomeOf(t *testing.T, err error) script.Outcome {
	t.Helper()
	if err == nil {
		return script.Outcome{}
	}
	e := asError(t, err)
	return script.Outcome{Code: e.Code, Class: e.Class}
}
