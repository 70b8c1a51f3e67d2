package httpapi_test

import (
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/seal"
)

// Each reason, as JSON and as a form; package connect holds their order.
func TestSiteverifyTellsTheFirstReasonThatApplies(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	subject := func() string {
		begun := r.Begin(t, apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s"}))
		return r.Token(t, apitest.Shop, begun.Session, "abc").Token
	}
	spent, old := subject(), subject()
	require.True(t, r.Verify(t, apitest.Shop, M{"response": spent}).Success)
	r.Clock.Add(5*time.Minute + seal.Skew + time.Second)
	good, bank := subject(), r.NewToken(t, apitest.Bank)
	ended := r.Begin(t, r.Decision(t, apitest.Shop))
	withdrawn := r.Token(t, apitest.Shop, ended.Session, "abc").Token
	require.Equal(t, http.StatusOK, withdraw(t, r, apitest.Shop, ended.Consent.ID).Status)
	secret := apitest.Secret(apitest.Shop)
	for name, row := range map[string]struct {
		members map[string]string
		want    string // "" for success
	}{
		"nothing":                     {map[string]string{}, "missing-input-secret"},
		"empty secret":                {map[string]string{"secret": "", "response": good}, "missing-input-secret"},
		"the sitekey as secret":       {map[string]string{"secret": apitest.Shop, "response": good}, "invalid-input-secret"},
		"no response":                 {map[string]string{"secret": secret}, "missing-input-response"},
		"empty response":              {map[string]string{"secret": secret, "response": "", "sitekey": "pk_x"}, "missing-input-response"},
		"declined":                    {map[string]string{"secret": secret, "response": ".declined", "sitekey": "pk_x"}, "not-a-token"},
		"garbage":                     {map[string]string{"secret": secret, "response": "x", "sitekey": "pk_x"}, "invalid-input-response"},
		"long garbage":                {map[string]string{"secret": secret, "response": strings.Repeat("x", 9000)}, "invalid-input-response"},
		"a token cut":                 {map[string]string{"secret": secret, "response": good[:len(good)-2]}, "invalid-input-response"},
		"another site's token":        {map[string]string{"secret": secret, "response": bank, "subject": "x"}, "sitekey-secret-mismatch"},
		"another sitekey":             {map[string]string{"secret": secret, "response": good, "sitekey": apitest.Bank, "subject": "x"}, "sitekey-secret-mismatch"},
		"another subject":             {map[string]string{"secret": secret, "response": good, "subject": "S"}, "subject-mismatch"},
		"spent and old, peeking":      {map[string]string{"secret": secret, "response": spent, "peek": "true"}, "already-seen-response"},
		"withdrawn":                   {map[string]string{"secret": secret, "response": withdrawn}, "consent-withdrawn"},
		"old":                         {map[string]string{"secret": secret, "response": old}, "expired-input-response"},
		"old, peeking":                {map[string]string{"secret": secret, "response": old, "peek": "1"}, "expired-input-response"},
		"good, peeking":               {map[string]string{"secret": secret, "response": good, "peek": "true", "sitekey": apitest.Shop, "subject": "s"}, ""},
		"good, peeking, others' word": {map[string]string{"secret": secret, "response": good, "peek": "true", "remoteip": "192.0.2.1", "Secret": "x"}, ""},
	} {
		form, members := url.Values{}, M{}
		for name, value := range row.members {
			form.Set(name, value)
			members[name] = value
			if name == "peek" {
				members[name] = true
			}
		}
		for _, call := range []apitest.Call{{Form: form}, {JSON: members}} {
			call.Path = "/v1/siteverify"
			a := r.Do(t, call)
			require.Equal(t, http.StatusOK, a.Status, "%s: %s", name, a.Body)
			require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
			require.Empty(t, a.Header.Values("Access-Control-Allow-Origin"))
			var v connect.Redeemed
			a.Into(t, &v)
			if row.want == "" {
				require.True(t, v.Success, "%s: %v", name, v.ErrorCodes)
				require.Equal(t, "s", v.Consent.Subject)
				require.NotContains(t, string(a.Body), `"captcha"`)
				require.NotContains(t, string(a.Body), `"session_id"`)
				require.NotContains(t, string(a.Body), `"transaction_id"`)
				require.NotContains(t, string(a.Body), `"retry"`)
				continue
			}
			require.Equal(t, connect.Redeemed{ErrorCodes: []string{row.want}}, v, name)
		}
	}
	// The secret may come as Bearer, the old one too while both are in use.
	for _, secret := range []string{secret, "old-" + secret} {
		a := r.Do(t, apitest.Call{Path: "/v1/siteverify", Secret: secret, JSON: M{"response": good, "peek": true}})
		require.Contains(t, string(a.Body), `"success":true`)
	}
	require.True(t, r.Verify(t, apitest.Shop, M{"response": good}).Success, "after all this it redeems")
}

func TestTheCauseOfABadRequestIsInTheLog(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	ask := httptest.NewRequest(http.MethodPost, "/v1/siteverify", strings.NewReader(`{"secret":"sk_canary","peek":"yes"}`))
	ask.Header.Set("Content-Type", "application/json")
	r.API.Handler().ServeHTTP(httptest.NewRecorder(), ask)
	require.Contains(t, r.Logged(), `"code":"bad-request","error":"the body is not one JSON object with these members: look at peek"`)
	require.NotContains(t, r.Logged(), "canary")
}

// A form that a client's library makes of fields is multipart by default in many.
func TestSiteverifyTakesAMultipartForm(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	token := r.NewToken(t, apitest.Shop)
	ask := func(fields ...string) (v connect.Redeemed, status int) {
		var body strings.Builder
		form := multipart.NewWriter(&body)
		for i := 0; i < len(fields); i += 2 {
			require.NoError(t, form.WriteField(fields[i], fields[i+1]))
		}
		require.NoError(t, form.Close())
		a := r.Do(t, apitest.Call{Path: "/v1/siteverify", JSON: body.String(), Header: http.Header{"Content-Type": {form.FormDataContentType()}}})
		a.Into(t, &v)
		return v, a.Status
	}
	secret := apitest.Secret(apitest.Shop)
	v, status := ask("secret", secret, "response", token, "response", token)
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, "response stands in the form more than once", v.Detail)
	v, _ = ask("response", token)
	require.Equal(t, []string{"missing-input-secret"}, v.ErrorCodes)
	v, _ = ask("secret", secret, "response", token, "peek", "true", "remoteip", "192.0.2.1")
	require.True(t, v.Success, "%v", v)
	require.Empty(t, v.SessionID)
	v, _ = ask("secret", secret, "response", token, "idempotency_key", "42")
	require.True(t, v.Success, "%v", v)
	require.NotEmpty(t, v.SessionID)
}

// It is kept as an HMAC alone; companies number their applications in digits.
func TestTheKeyOfARedeemMayBeOfAnyDigits(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for _, key := range []string{"234123412346", "2341-2341-2346", "7"} {
		v := r.Verify(t, apitest.Shop, M{"response": r.NewToken(t, apitest.Shop), "idempotency_key": key})
		require.True(t, v.Success, "%s: %v", key, v.ErrorCodes)
	}
}

func TestSiteverifyAnswersWhatItCannotReadInItsOwnShape(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	token, secret := r.NewToken(t, apitest.Shop), apitest.Secret(apitest.Shop)
	good := `{"secret":"` + secret + `","response":"` + token + `"}`
	form := "secret=" + secret + "&response=" + token
	media := func(m ...string) http.Header { return http.Header{"Content-Type": m} }
	urlencoded := media("application/x-www-form-urlencoded")
	for name, row := range map[string]struct {
		call   apitest.Call
		status int
	}{
		"a query":              {apitest.Call{Path: "/v1/siteverify?x=1", JSON: good}, 400},
		"the form as query":    {apitest.Call{Path: "/v1/siteverify?" + form, JSON: "{}"}, 400},
		"an origin":            {apitest.Call{JSON: good, Origin: apitest.ShopOrigin}, 400},
		"a null origin":        {apitest.Call{JSON: good, Origin: "null"}, 400},
		"an empty origin":      {apitest.Call{JSON: good, Header: http.Header{"Origin": {""}}}, 400},
		"no media type":        {apitest.Call{JSON: good, Header: http.Header{"Content-Type": nil}}, 400},
		"text":                 {apitest.Call{JSON: good, Header: media("text/plain")}, 400},
		"xml":                  {apitest.Call{JSON: "<x/>", Header: media("text/xml")}, 400},
		"multipart cut":        {apitest.Call{JSON: "--x\r\n\r\n--x-", Header: media("multipart/form-data; boundary=x")}, 400},
		"multipart unbounded":  {apitest.Call{JSON: "--x\r\n\r\n--x--", Header: media("multipart/form-data")}, 400},
		"nothing":              {apitest.Call{JSON: ""}, 400},
		"cut":                  {apitest.Call{JSON: good[:len(good)-1]}, 400},
		"two values":           {apitest.Call{JSON: good + good}, 400},
		"an array":             {apitest.Call{JSON: "[" + good + "]"}, 400},
		"a string":             {apitest.Call{JSON: `"secret"`}, 400},
		"a number":             {apitest.Call{JSON: "1"}, 400},
		"null":                 {apitest.Call{JSON: "null"}, 400},
		"a member twice":       {apitest.Call{JSON: `{"secret":"a",` + good[1:]}, 400},
		"secret is a number":   {apitest.Call{JSON: `{"secret":1,"response":"x"}`}, 400},
		"response is an array": {apitest.Call{JSON: `{"secret":"` + secret + `","response":["` + token + `"]}`}, 400},
		"response an object":   {apitest.Call{JSON: `{"secret":"` + secret + `","response":{}}`}, 400},
		"peek is text":         {apitest.Call{JSON: `{"secret":"` + secret + `","response":"x","peek":"yes"}`}, 400},
		"key is a number":      {apitest.Call{JSON: `{"secret":"` + secret + `","response":"x","idempotency_key":7}`}, 400},
		"key is too long":      {apitest.Call{JSON: `{"secret":"` + secret + `","response":"x","idempotency_key":"` + strings.Repeat("k", 65) + `"}`}, 400},
		"key with blanks":      {apitest.Call{JSON: `{"secret":"` + secret + `","response":"x","idempotency_key":"a b"}`}, 400},
		"invalid UTF-8":        {apitest.Call{JSON: "{\"secret\":\"\xff\"}"}, 400},
		"deep":                 {apitest.Call{JSON: `{"x":` + strings.Repeat("[", 12000) + strings.Repeat("]", 1000)}, 400},
		"a form's bad escape":  {apitest.Call{JSON: "secret=%zz", Header: urlencoded}, 400},
		"a form's semicolon":   {apitest.Call{JSON: "secret=a;response=b", Header: urlencoded}, 400},
		"a form's field twice": {apitest.Call{JSON: form + "&response=x", Header: urlencoded}, 400},
		"a form's odd peek":    {apitest.Call{JSON: form + "&peek=maybe", Header: urlencoded}, 400},
		"too large":            {apitest.Call{JSON: good + strings.Repeat(" ", 16385-len(good))}, 413},
		"form too large":       {apitest.Call{JSON: form + "&x=" + strings.Repeat("x", 20000), Header: urlencoded}, 413},
		"GET":                  {apitest.Call{Method: "GET"}, 405},
		"PUT":                  {apitest.Call{Method: "PUT", JSON: good}, 405},
		"OPTIONS":              {apitest.Call{Method: "OPTIONS", Origin: apitest.ShopOrigin}, 405},
		"BREW":                 {apitest.Call{Method: "BREW"}, 405},
	} {
		if row.call.Path == "" {
			row.call.Path = "/v1/siteverify"
		}
		a := r.Do(t, row.call)
		require.Equal(t, row.status, a.Status, "%s: %s", name, a.Body)
		require.Equal(t, "application/json", a.Header.Get("Content-Type"))
		var v connect.Redeemed
		a.Into(t, &v)
		require.Equal(t, connect.Redeemed{ErrorCodes: []string{"bad-request"}, Detail: v.Detail}, v, name)
		require.Regexp(t, "^[a-z].{10,}[A-Za-z0-9_]$", v.Detail, name)
		require.NotContains(t, v.Detail, secret, name)
		require.NotContains(t, v.Detail, token, name)
		require.Empty(t, a.Header.Values("Access-Control-Allow-Origin"))
		if row.status == 405 {
			require.Equal(t, "POST", a.Header.Get("Allow"))
		}
	}
	for _, header := range []http.Header{media("application/json;charset=utf-8"), nil} {
		a := r.Do(t, apitest.Call{Path: "/v1/siteverify", JSON: good[:len(good)-1] + `,"peek":true}` + strings.Repeat("\n", 100), Header: header})
		require.Contains(t, string(a.Body), `"success":true`)
	}
	// null is as good as absent.
	a := r.Do(t, apitest.Call{Path: "/v1/siteverify", JSON: good[:len(good)-1] + `,"peek":true,"sitekey":null,"subject":null,"idempotency_key":null}`})
	require.Contains(t, string(a.Body), `"success":true`)
}
