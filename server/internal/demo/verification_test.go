package demo_test

import (
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/demo"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/secret"
	"ekycconnect/wasm/wire"
)

const site = "pk_test_pass"

// bank is the demo in front of a relay that is whole, and one applicant before it.
type bank struct {
	*testing.T
	relay *apitest.Relay
	demo  http.Handler
	log   *apitest.Log

	application string
	typed       []string          // numbers and OTPs
	page        string            // what the applicant looks at
	fields      map[string]string // the hidden fields of its first form
}

func newBank(t *testing.T) *bank {
	t.Helper()
	b := &bank{T: t, application: "APP-1", log: &apitest.Log{}}
	b.relay = apitest.New(t, func(c *config.Config) {
		c.Sites = append(c.Sites, config.Site{
			Sitekey: site, Account: "pass", Purposes: []string{apitest.Purpose}, Origins: []config.Origin{apitest.ShopOrigin},
			Secrets: []config.SecretHash{config.HashSecret(apitest.Secret(site))},
		})
	})
	var err error
	b.demo, err = demo.New(demo.Options{
		Relay:   func() string { return b.relay.URL },
		Secrets: map[string]secret.String{site: secret.New(apitest.Secret(site))},
		Log:     slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, typed := range b.typed {
			if len(typed) < 6 {
				continue // stands anywhere
			}
			require.NotContains(t, string(b.log.Bytes()), typed, "in the bank's log")
			require.NotContains(t, string(b.relay.Log.Bytes()), typed, "in the relay's log")
		}
	})
	return b
}

// redeemed is a bank with an applicant who has agreed and read the letters.
func redeemed(t *testing.T) *bank {
	t.Helper()
	b := newBank(t)
	decision := apitest.With(b.relay.Decision(t, site), apitest.M{"subject": b.application})
	b.onboard(b.relay.Token(t, site, b.relay.Begin(t, decision).Session, "x7Kp2").Token)
	b.sees("Your Aadhaar number")
	return b
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// post sends a form and looks at the page that comes back.
func (b *bank) post(path string, form url.Values) {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	b.demo.ServeHTTP(w, r)
	require.Equal(b, http.StatusOK, w.Code)
	require.Equal(b, "no-store", w.Header().Get("Cache-Control"))
	require.Empty(b, w.Header().Get("Location"))
	require.Empty(b, w.Header().Get("Set-Cookie"))
	body, err := io.ReadAll(w.Body)
	require.NoError(b, err)
	raw := string(body)
	b.page = html.UnescapeString(raw)
	images := "img-src 'self';"
	if strings.Contains(raw, `id="person"`) {
		images = "img-src 'self' data:;" // the photo
	}
	require.Contains(b, w.Header().Get("Content-Security-Policy"), images)
	for _, inline := range []string{"<style", "style=", "<script>", "onclick", "javascript:"} {
		require.NotContains(b, raw, inline)
	}
	field := regexp.MustCompile(`<input id="typed"[^>]*>`).FindString(raw)
	require.NotContains(b, field, "value=", "what was typed is asked for anew")
	if field != "" {
		require.Contains(b, field, `inputmode="numeric"`)
		require.Contains(b, raw, `<label for="typed">`)
	}
	b.fields = map[string]string{}
	for _, match := range hidden.FindAllStringSubmatch(raw, -1) {
		if _, there := b.fields[match[1]]; !there {
			b.fields[match[1]] = html.UnescapeString(match[2])
		}
	}
	require.NotContains(b, b.page, apitest.Secret(site))
	require.NotContains(b, b.page, "eyJ", "no sealed value")
}

func (b *bank) onboard(token string) {
	b.Helper()
	b.post("/demo/onboard", url.Values{"at": {"account"}, "sitekey": {site}, "application": {b.application}, "ekyc-connect-response": {token}})
}

func (b *bank) sees(words ...string) {
	b.Helper()
	for _, w := range words {
		require.Contains(b, b.page, w)
	}
}

// types fills the page's one field in and sends it.
func (b *bank) types(what string) {
	b.Helper()
	b.typed = append(b.typed, what)
	path := regexp.MustCompile(`action="\.\.(/demo/(?:number|otp))"`).FindStringSubmatch(b.page)
	require.NotNil(b, path, "a page to type into")
	form := url.Values{map[string]string{"/demo/number": "aadhaar_number", "/demo/otp": "otp"}[path[1]]: {what}}
	for name, value := range b.fields {
		form.Set(name, value)
	}
	b.post(path[1], form)
}

// asksForAnother presses the button for another code.
func (b *bank) asksForAnother() {
	b.Helper()
	b.post("/demo/another", url.Values{"visit": {b.fields["visit"]}})
}

// vendor has the emulator answer the calls of an endpoint in a way of its own.
func (b *bank) vendor(endpoint string, answer http.HandlerFunc) {
	b.relay.Vendor.SetIntercept(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/"+endpoint) {
			return false
		}
		answer(w, r)
		return true
	})
}

func (b *bank) consent() string {
	b.Helper()
	a := b.relay.Do(b, apitest.Call{Path: "/v1/consents?subject=" + b.application, Secret: apitest.Secret(site)})
	id := regexp.MustCompile(`"record_id":"([^"]+)"`).FindSubmatch(a.Body)
	require.NotNil(b, id, "%s", a.Body)
	return string(id[1])
}

func TestAnApplicantGoesFromTheTokenToTheCard(t *testing.T) {
	b := redeemed(t)
	b.sees("200000000097", "200000000013", "no mobile linked", `data-fill="200000000045"`)
	b.types("2000 0000 0097")
	b.sees("The code from your phone", "OTP sent to your Registered Mobile number", `autocomplete="one-time-code"`, "POST /v1/generate-otp")
	require.NotContains(t, b.page, "0000 0097")
	b.types("471136")
	b.sees("You are verified", "Asha Testkumar", "14-02-1990", "xxxx-xxxx-0097", `src="data:image/jpeg;base64,`, "Test State",
		"APP-1", "POST /v1/verify-otp", `"generate-otp"`)
	require.NotContains(t, b.page, "200000000097")
	require.NotContains(t, b.page, "471136")
	require.Equal(t, []string{"given", "used", "redeemed", "used", "used"}, b.relay.Kinds(t, site, b.consent()))
}

func TestWhoPressesTwiceMakesOneCall(t *testing.T) {
	b := redeemed(t)
	first := b.fields
	b.types("200000000097")
	b.sees("The code from your phone")
	second := b.fields
	b.post("/demo/number", url.Values{"visit": {first["visit"]}, "key": {first["key"]}, "aadhaar_number": {"200000000097"}})
	b.sees("The code from your phone")
	require.Equal(t, second, b.fields, "the very page")
	b.types("471136")
	b.post("/demo/otp", url.Values{"visit": {second["visit"]}, "key": {second["key"]}, "otp": {"471136"}})
	b.sees("Asha Testkumar")
	b.post("/demo/otp", url.Values{"visit": {second["visit"]}, "otp": {"471136"}})
	b.sees("Asha Testkumar")
	require.Len(t, b.relay.Kinds(t, site, b.consent()), 5)
}

func TestTheCardOfAChildIsNotEnough(t *testing.T) {
	b := redeemed(t)
	b.types("200000000084")
	b.types("471136")
	b.sees("A parent must agree first", "29-02-2016")
}

func TestWhatCannotBeANumberOrACodeIsToldAtTheField(t *testing.T) {
	b := redeemed(t)
	for _, typed := range []string{"200000000098", "12", "", "<b>"} {
		b.types(typed)
		b.sees("That is no Aadhaar number", `aria-invalid="true"`)
	}
	b.types("200000000097")
	for _, typed := range []string{"12", "x", ""} {
		b.types(typed)
		b.sees("That is no code", `aria-invalid="true"`)
	}
	b.types("471136")
	b.sees("You are verified")
}

// From generate-otp's refusal there is always a way to a new picture, since nobody
// knows which bodies mean that the letters were wrong.
func TestARefusedNumberShowsTheWordsANewPictureAndAnotherWay(t *testing.T) {
	for number, words := range map[string]string{
		"200000000066": "Invalid captcha", "200000000013": "No mobile number is linked", "200000000021": "OTP limit exceeded",
	} {
		t.Run(words, func(t *testing.T) {
			b := redeemed(t)
			b.typed = append(b.typed, number)
			form := url.Values{"visit": {b.fields["visit"]}, "key": {b.fields["key"]}, "aadhaar_number": {number}}
			retry := b.again(form)
			b.sees("No code was sent", words, "read the new picture", "passport", `subject="APP-1"`, `<script src="../v1/ekyc-connect.js" async crossorigin>`)

			var picture wire.CaptchaReply
			a := b.relay.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: apitest.M{"session": retry}})
			require.Equal(t, 200, a.Status, "%s", a.Body)
			a.Into(t, &picture)
			b.onboard(b.relay.Token(t, site, picture.Session, "y8Lq3").Token)
			b.sees("Your Aadhaar number")
			b.types("200000000097")
			b.types("471136")
			b.sees("You are verified")
		})
	}
}

// again posts a number that is refused, and takes the value for the new picture away.
func (b *bank) again(form url.Values) (retry string) {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/demo/number", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	b.demo.ServeHTTP(w, r)
	b.page = html.UnescapeString(w.Body.String())
	match := regexp.MustCompile(` retry="([^"]+)"`).FindStringSubmatch(b.page)
	require.NotNil(b, match)
	require.NotContains(b, b.page, form.Get("aadhaar_number"))
	return match[1]
}

func TestAWrongCodeCanBeTypedAgain(t *testing.T) {
	b := redeemed(t)
	b.types("200000000045")
	b.types("471136")
	b.sees("Invalid OTP", "Code from your phone")
	b.types("471137")
	b.sees("You are verified")
}

func TestACodeThatHasRunOutBringsAnother(t *testing.T) {
	b := redeemed(t)
	b.types("200000000050")
	b.types("471136")
	b.sees("OTP has expired", "Another code or another number")
	b.asksForAnother()
	b.sees("Your Aadhaar number")
	b.types("200000000097")
	visit := b.fields["visit"]
	b.types("471136")
	b.sees("You are verified")
	b.post("/demo/another", url.Values{"visit": {visit}})
	b.sees("You are verified", "Asha")
}

func TestAllTriesOfACodeAndAllCodesAreBounded(t *testing.T) {
	b := redeemed(t)
	b.types("200000000050")
	for range 3 {
		b.types("471136")
		b.sees("OTP has expired")
	}
	b.types("471136")
	b.sees("This code was tried three times", "Aadhaar number")
	for range 2 {
		b.types("200000000050")
		b.sees("The code from your phone")
		b.asksForAnother()
	}
	b.types("200000000050")
	b.sees("All codes of this consent are used", "passport", "Start again")
}

func TestWhileUIDAIIsDownTheApplicantMayTryAgainOrGoAnotherWay(t *testing.T) {
	b := redeemed(t)
	b.types("200000000032")
	b.sees("does not answer at the moment", "passport", "Aadhaar number")
	b.types("200000000097")
	b.sees("The code from your phone")
}

func TestAnOutcomeThatNobodyKnowsIsAskedAgain(t *testing.T) {
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	b := redeemed(t)
	b.vendor("generate-otp", hangUp)
	b.types("200000000097")
	b.sees("It is not known whether a code was sent", "Aadhaar number", "vendor_unknown")
	b.relay.Vendor.SetIntercept(nil)
	b.types("200000000097")
	b.sees("The code from your phone")
	b.vendor("verify-otp", hangUp)
	b.types("471136")
	b.sees("It is not known whether your code was accepted", "Code from your phone")
	b.relay.Vendor.SetIntercept(nil)
	b.types("471136")
	b.sees("You are verified")
}

func TestAQueueSaysWhenToTryAgain(t *testing.T) {
	b := redeemed(t)
	b.vendor("generate-otp", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		http.Error(w, `{"detail":"Rate limit exceeded"}`, http.StatusTooManyRequests)
	})
	b.types("200000000097")
	b.sees("Many people", "Try again in 7 s.", "Aadhaar number")
}

func TestAVendorThatRefusesTheRelayEndsInWords(t *testing.T) {
	b := redeemed(t)
	b.vendor("generate-otp", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"detail":"Invalid client_id"}`, http.StatusUnauthorized)
	})
	b.types("200000000097")
	b.sees("does not work", "not your fault", "vendor_rejected", "passport")
}

func TestAVerificationThatHasRunOutSaysSo(t *testing.T) {
	b := redeemed(t)
	b.relay.Clock.Add(11 * time.Minute)
	b.types("200000000097")
	b.sees("has run out", "Start again")

	b = redeemed(t)
	b.types("200000000097")
	b.relay.Clock.Add(11 * time.Minute)
	b.types("471136")
	b.sees("has run out", "Start again")

	b.post("/demo/otp", url.Values{"visit": {"UNKNOWN"}, "key": {"k"}, "otp": {"471136"}})
	b.sees("has run out", "Start again")
	b.post("/demo/another", url.Values{})
	b.sees("has run out")
}

func TestAfterAWithdrawalTheBankStops(t *testing.T) {
	b := redeemed(t)
	b.types("200000000097")
	a := b.relay.Do(t, apitest.Call{Path: "/v1/consents/" + b.consent() + "/withdraw", Secret: apitest.Secret(site), JSON: apitest.M{}})
	require.Equal(t, 200, a.Status)
	b.types("471136")
	b.sees("You have withdrawn your consent")
	require.NotContains(t, b.page, "Asha Testkumar")
}

func TestARelayThatIsAwayIsAskedAgainWithTheSameKey(t *testing.T) {
	b := redeemed(t)
	key := b.fields["key"]
	up := b.relay.URL
	b.relay.URL = "http://127.0.0.1:1"
	b.types("200000000097")
	b.sees("got no answer", "no answer", "Aadhaar number")
	require.Equal(t, key, b.fields["key"])
	b.relay.URL = up
	b.types("200000000097")
	b.sees("The code from your phone")
	key = b.fields["key"]
	b.relay.URL = "http://127.0.0.1:1"
	b.types("471136")
	b.sees("got no answer", "Code from your phone")
	require.Equal(t, key, b.fields["key"])
	b.relay.URL = up
	b.types("471136")
	b.sees("You are verified")
}
