package sandbox_test

import (
	"bytes"
	"encoding/base64"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
)

// reply is any answer of the double.
type reply struct {
	Status  int         `json:"-"`
	Header  http.Header `json:"-"`
	Raw     string      `json:"-"`
	Code    int         `json:"code"`
	Stamp   int64       `json:"timestamp"`
	Txn     string      `json:"transaction_id"`
	SubCode string      `json:"sub_code"`
	Message string      `json:"message"`
	Data    struct {
		SessionID    string            `json:"session_id"`
		Captcha      string            `json:"captcha"`
		Address      map[string]string `json:"address"`
		DateOfBirth  string            `json:"dateOfBirth"`
		Email        string            `json:"email"`
		Gender       string            `json:"gender"`
		GeneratedAt  string            `json:"generatedAt"`
		MaskedNumber string            `json:"maskedNumber"`
		Name         string            `json:"name"`
		Phone        string            `json:"phone"`
		Photo        string            `json:"photo"`
	} `json:"data"`
}

// caller calls a double as one account.
type caller struct {
	t       *testing.T
	url     string
	account sandbox.Account
	consent string
}

func start(t *testing.T, sitekey string, o sandbox.Options) (*sandbox.Server, caller) {
	t.Helper()
	double := sandbox.New(o)
	server := httptest.NewServer(double)
	t.Cleanup(server.Close)
	a := sandbox.Accounts()[0]
	if sitekey != "" {
		var ok bool
		a, ok = sandbox.Credentials(sitekey)
		require.True(t, ok, sitekey)
	}
	return double, caller{t: t, url: server.URL, account: a}
}

func (c caller) call(method, endpoint string, pairs ...string) reply {
	c.t.Helper()
	query := url.Values{"consent": {"Y"}, "purpose": {"KYC"}}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			query.Del(pairs[i])
		}
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/v1/ekyc/aadhaar/"+endpoint+"?"+query.Encode(), nil)
	require.NoError(c.t, err)
	request.Header.Set("client-id", c.account.ClientID)
	request.Header.Set("x-api-key", c.account.ClientSecret.Reveal())
	if c.consent != "" {
		request.Header.Set(sandbox.TraceHeader, c.consent)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	r := reply{Status: response.StatusCode, Header: response.Header, Raw: string(body)}
	if r.Status == http.StatusOK {
		require.NoError(c.t, json.Unmarshal(body, &r))
		require.Regexp(c.t, hex32, r.Txn)
		require.InDelta(c.t, time.Now().UnixMilli(), r.Stamp, 60_000)
	}
	return r
}

var hex32 = regexp.MustCompile(`^[0-9a-f]{32}$`)

func TestConnectStartsASessionWithAJPEG(t *testing.T) {
	double, c := start(t, "", sandbox.Options{})
	r := c.call("GET", "connect")
	require.Equal(t, http.StatusOK, r.Status)
	require.Regexp(t, hex32, r.Data.SessionID)
	requireJPEG(t, r.Data.Captcha)
	letters, ok := double.Letters(r.Data.SessionID)
	require.True(t, ok)
	require.Regexp(t, `^[3479ACEFHJKMNPRTWXY]{6}$`, letters)
	require.Equal(t, []string{r.Data.SessionID}, double.SessionIDs())
}

func requireJPEG(t *testing.T, text string) {
	t.Helper()
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	require.NoError(t, err)
	require.Regexp(t, "^/9j/4AAQSkZJRgABAQAAAQABAAD/", text, "as the vendor's sample begins")
	require.Equal(t, []byte{0xFF, 0xD8}, raw[:2])
	require.Equal(t, []byte{0xFF, 0xD9}, raw[len(raw)-2:])
	require.Greater(t, len(raw), 3<<10)
	require.Less(t, len(raw), 12<<10)
	picture, err := jpeg.Decode(bytes.NewReader(raw))
	require.NoError(t, err)
	require.Equal(t, 200, picture.Bounds().Dx())
	require.Equal(t, 70, picture.Bounds().Dy())
}

func TestReloadNeverRepeatsTheLastPicture(t *testing.T) {
	double, c := start(t, "", sandbox.Options{})
	first := c.call("GET", "connect")
	last := first.Data.Captcha
	lastLetters, _ := double.Letters(first.Data.SessionID)
	for range 100 {
		r := c.call("GET", "reload-captcha", "session_id", first.Data.SessionID)
		require.Equal(t, http.StatusOK, r.Status)
		require.Empty(t, r.Data.SessionID)
		requireJPEG(t, r.Data.Captcha)
		letters, _ := double.Letters(first.Data.SessionID)
		require.NotEqual(t, last, r.Data.Captcha)
		require.NotEqual(t, lastLetters, letters)
		last, lastLetters = r.Data.Captcha, letters
	}
}

func TestRefusals(t *testing.T) {
	_, c := start(t, "", sandbox.Options{})
	id := c.call("GET", "connect").Data.SessionID
	other := c
	other.account, _ = sandbox.Credentials("pk_test_pass")
	unknown, wrong, nobody := c, c, c
	unknown.account.ClientID = "live_x"
	wrong.account.ClientSecret = other.account.ClientSecret
	nobody.account.ClientID = ""

	for _, row := range []struct {
		name, method, endpoint string
		caller                 caller
		query                  []string
		status                 int
		body                   string
	}{
		{"no consent", "GET", "connect", c, []string{"consent", ""}, 422, `{"detail":[{"loc":["query","consent"],"msg":"field required","type":"value_error.missing"}]}`},
		{"no purpose", "GET", "connect", c, []string{"purpose", ""}, 422, `{"detail":[{"loc":["query","purpose"],"msg":"field required","type":"value_error.missing"}]}`},
		{"consent refused", "GET", "connect", c, []string{"consent", "N"}, 422, `{"detail":"Invalid consent, must be Y"}`},
		{"no credentials", "GET", "connect", nobody, nil, 401, `{"detail":"Not authenticated"}`},
		{"unknown client", "GET", "connect", unknown, nil, 401, `{"detail":"Invalid client_id"}`},
		{"wrong secret", "GET", "connect", wrong, nil, 401, `{"detail":"Invalid client_id or client_secret, access Denied"}`},
		{"no session named", "GET", "reload-captcha", c, nil, 422, `{"detail":[{"loc":["query","session_id"],"msg":"field required","type":"value_error.missing"}]}`},
		{"unknown session", "GET", "reload-captcha", c, []string{"session_id", "x"}, 422, `{"detail":"Invalid session_id"}`},
		{"another account's session", "GET", "reload-captcha", other, []string{"session_id", id}, 422, `{"detail":"Invalid session_id"}`},
		{"number of the wrong shape", "POST", "generate-otp", c, []string{"session_id", id, "captcha", "x", "aadhaar_number", "12"}, 422, `{"detail":"Invalid Aadhaar pattern"}`},
		{"OTP never sent", "POST", "verify-otp", c, []string{"session_id", id, "otp", "123456"}, 422, `{"detail":"No OTP was generated in this session"}`},
		{"number of the wrong sum", "POST", "generate-otp", c, []string{"session_id", id, "captcha", "x", "aadhaar_number", "200000000000"}, 422, `{"detail":"Invalid Aadhaar pattern"}`},
		{"OTP for no session", "POST", "verify-otp", c, []string{"session_id", "x", "otp", "123456"}, 422, `{"detail":"Invalid session_id"}`},
		{"no OTP", "POST", "verify-otp", c, []string{"session_id", id}, 422, `{"detail":[{"loc":["query","otp"],"msg":"field required","type":"value_error.missing"}]}`},
		{"wrong method", "POST", "connect", c, nil, 405, `{"detail":"Method Not Allowed"}`},
		{"wrong method for an OTP", "GET", "generate-otp", c, nil, 405, `{"detail":"Method Not Allowed"}`},
		{"unknown route", "GET", "disconnect", c, nil, 404, `{"detail":"Not Found"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.caller.t = t
			r := row.caller.call(row.method, row.endpoint, row.query...)
			require.Equal(t, row.status, r.Status)
			require.Equal(t, row.body, r.Raw)
		})
	}
}
