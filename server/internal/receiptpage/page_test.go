package receiptpage_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/receipt"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

type M = apitest.M

// agreed is somebody's consent at the shop, and the path of its receipt.
func agreed(t *testing.T, r *apitest.Relay, change M) (wire.SessionReply, string) {
	t.Helper()
	begun := r.Begin(t, apitest.With(r.Decision(t, apitest.Shop), change))
	return begun, strings.TrimPrefix(begun.Consent.ReceiptURL, r.URL)
}

func page(t *testing.T, r *apitest.Relay, path string, language string) (apitest.Answer, string) {
	t.Helper()
	header := http.Header{}
	if language != "" {
		header.Set("Accept-Language", language)
	}
	a := r.Do(t, apitest.Call{Path: path, Header: header})
	return a, html.UnescapeString(string(a.Body))
}

func TestTheReceiptShowsWhatWasAgreedWithWhomAndWhen(t *testing.T) {
	r := apitest.New(t)
	begun, path := agreed(t, r, M{"subject": "canary-subject"})
	a, text := page(t, r, path, "hi")
	require.Equal(t, http.StatusOK, a.Status)
	require.Equal(t, "en", a.Header.Get("Content-Language"), "the language that was shown, whatever the browser's is")
	for _, want := range []string{
		"<title>You agreed · Example Bank Limited</title>", "<h1>You agreed</h1>", "Your consent receipt",
		"<dd>Example Bank Limited</dd>", begun.Consent.ID,
		`<time datetime="2026-11-23T10:00:00.000Z">23 November 2026, 3:30 pm <bdi class="exact" dir="ltr">15:30:00 IST (UTC+05:30)</bdi></time>`,
		`<a href="` + begun.Consent.ReceiptURL + `"><bdi class="code" dir="ltr">` + begun.Consent.ReceiptURL + `</bdi></a>`,
		"Last four Aadhaar digits", "You can complain to the Data Protection Board of India.", `href="mailto:privacy@bank.example"`,
		`<form method="post" action="` + path + `/withdraw">`, `href="` + path + `.receipt" download`,
		`<span class="choice">I do not agree</span>`, "</svg>I agree</span>", "<details open>",
	} {
		require.Contains(t, text, want)
	}
	for _, secret := range append(r.Vendor.SessionIDs(), "canary-subject", "<script", "pk_shop", "principal", " on") {
		if secret == " on" {
			require.NotRegexp(t, `<[^>]* on[a-z]+=`, text)
			continue
		}
		require.NotContains(t, text, secret)
	}
	require.Equal(t, 1, strings.Count(text, "<button"), "one button: it withdraws")
	require.NotContains(t, r.Logged(), strings.TrimPrefix(path, "/v1/receipts/"))
}

func TestTheReceiptShowsTheExactNoticeThatWasStored(t *testing.T) {
	r := apitest.New(t)
	decision := r.Decision(t, apitest.Shop)
	begun := r.Begin(t, decision)
	_, text := page(t, r, strings.TrimPrefix(begun.Consent.ReceiptURL, r.URL), "")
	stored, err := r.Ledger.Notice(t.Context(), decision["notice_sha256"].(string))
	require.NoError(t, err)
	_, shown, _ := strings.Cut(text, `<div class="panel"`)
	shown = regexp.MustCompile("<[^>]*>").ReplaceAllString(shown, "\n")
	var notice struct {
		Panel []any `json:"panel"`
	}
	require.NoError(t, json.Unmarshal(stored, &notice))
	words := words(notice.Panel)
	require.Greater(t, len(words), 30)
	for _, text := range words {
		require.Contains(t, shown, strings.TrimSpace(text))
	}
}

// words are the texts of an element and of all below it, but for what could be
// operated.
func words(element []any) (all []string) {
	if element[0] == "select" || element[1].(map[string]any)["data-part"] == "alternative" {
		return nil
	}
	for _, child := range element[2:] {
		switch child := child.(type) {
		case string:
			all = append(all, child)
		case []any:
			all = append(all, words(child)...)
		}
	}
	return all
}

// Withdrawing is the person's own press: no script runs here, no other page can move
// the focus to the button, and no label or key of its own leads to it.
func TestNothingOnTheReceiptCanBeAimedAtItsButton(t *testing.T) {
	r := apitest.New(t)
	_, path := agreed(t, r, nil)
	a, text := page(t, r, path, "")
	require.Equal(t, "same-origin", a.Header.Get("Cross-Origin-Opener-Policy"), "the window that opened it has no hold on it")
	require.Contains(t, a.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	require.NotContains(t, a.Header.Get("Content-Security-Policy"), "script-src")
	form := regexp.MustCompile(`(?s)<form.*</form>`).FindString(text)
	require.Regexp(t, `(?s)^<form method="post" action="[^"]*">\s*<p>[^<]*</p>\s*<button type="submit">[^<]*</button>\s*</form>$`, form)
	require.NotRegexp(t, `(?i)<label|<input|<[^>]* (autofocus|accesskey)`, text)
}

func TestTheReceiptIsKeptFromCachesFramesSearchEnginesAndOtherSites(t *testing.T) {
	r := apitest.New(t)
	_, path := agreed(t, r, nil)
	for _, path := range []string{path, path + "x"} {
		a, text := page(t, r, path, "")
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow",
			"X-Frame-Options": "DENY", "Content-Type": "text/html; charset=utf-8",
		} {
			require.Equal(t, []string{want}, a.Header.Values(name))
		}
		style := text[strings.Index(text, "<style>")+7 : strings.Index(text, "</style>")]
		sum := sha256.Sum256([]byte(style))
		require.Equal(t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
			"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", a.Header.Get("Content-Security-Policy"))
		require.NotRegexp(t, `(?i)<[a-z]+[^>]* style=`, text)
	}
}

func TestOnePressWithdraws(t *testing.T) {
	r := apitest.New(t)
	begun, path := agreed(t, r, nil)
	r.Clock.Add(2 * time.Hour)
	press := apitest.Call{Path: path + "/withdraw", Form: map[string][]string{}, Origin: r.URL}
	a := r.Do(t, press)
	require.Equal(t, http.StatusSeeOther, a.Status, "%s", a.Body)
	require.Equal(t, path, a.Header.Get("Location"))
	require.Equal(t, []string{"given", "used", "withdrawn"}, r.Kinds(t, apitest.Shop, begun.Consent.ID))

	r.Clock.Add(time.Minute)
	press.Origin = "" // some send none
	require.Equal(t, http.StatusSeeOther, r.Do(t, press).Status, "again is no error")
	require.Equal(t, []string{"given", "used", "withdrawn"}, r.Kinds(t, apitest.Shop, begun.Consent.ID))

	a, text := page(t, r, path, "")
	require.Equal(t, http.StatusOK, a.Status)
	for _, want := range []string{
		"<title>You have withdrawn this consent · Example Bank Limited</title>",
		`<h1 tabindex="-1" autofocus>You have withdrawn this consent</h1>`, `datetime="2026-11-23T10:00:00.000Z"`, `datetime="2026-11-23T12:00:00.000Z"`,
		"Erased now:", "Kept as proof:", "Last four Aadhaar digits",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "<form")
	require.Equal(t, wire.ConsentWithdrawn, r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin,
		JSON: M{"session": begun.Session}}).Problem(t).Code)
}

func TestAFormOfAnotherSiteWithdrawsNothing(t *testing.T) {
	r := apitest.New(t)
	begun, path := agreed(t, r, nil)
	for _, origin := range []string{"https://evil.example", "null", apitest.ShopOrigin, r.URL + "0"} {
		a := r.Do(t, apitest.Call{Path: path + "/withdraw", Form: map[string][]string{}, Origin: origin})
		require.Equal(t, wire.OriginNotAllowed, a.Problem(t).Code, origin)
	}
	require.Equal(t, wire.MethodNotAllowed, r.Do(t, apitest.Call{Path: path + "/withdraw"}).Problem(t).Code)
	require.Equal(t, wire.MethodNotAllowed, r.Do(t, apitest.Call{Path: path, Form: map[string][]string{}}).Problem(t).Code)
	require.Equal(t, []string{"given", "used"}, r.Kinds(t, apitest.Shop, begun.Consent.ID))
}

func TestUnknownAndForgedAddressesAreAlikeInTheBrowsersLanguage(t *testing.T) {
	r := apitest.New(t)
	_, path := agreed(t, r, nil)
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(path, "/v1/receipts/"))
	require.NoError(t, err)
	forged := map[string]string{"short": "AAAA", "padded": path[len("/v1/receipts/"):] + "="}
	for _, i := range []int{0, 15, 16, 31} {
		changed := append([]byte(nil), raw...)
		changed[i] ^= 1
		forged["byte "+string(rune('a'+i))] = base64.RawURLEncoding.EncodeToString(changed)
	}
	unknown := r.Core.Receipts.Capability("019ab000-0000-7000-8000-000000000000")
	a, english := page(t, r, "/v1/receipts/"+unknown, "en")
	require.Equal(t, http.StatusNotFound, a.Status)
	require.Contains(t, english, "<h1>No such receipt</h1>")
	for name, capability := range forged {
		a, text := page(t, r, "/v1/receipts/"+capability, "en")
		require.Equal(t, http.StatusNotFound, a.Status, name)
		require.Equal(t, english, text, name)
		a = r.Do(t, apitest.Call{Path: "/v1/receipts/" + capability + "/withdraw", Form: map[string][]string{}})
		require.Equal(t, http.StatusNotFound, a.Status, name)
		require.Equal(t, english, html.UnescapeString(string(a.Body)), name)
	}
	a, text := page(t, r, "/v1/receipts/"+unknown, "tlh, ur;q=0.9, en;q=0.5")
	require.Equal(t, http.StatusNotFound, a.Status)
	require.Contains(t, text, `<html lang="ur" dir="rtl">`)
}

func TestTheReceiptOfARefusalHasNothingToWithdraw(t *testing.T) {
	r := apitest.New(t)
	a := r.Do(t, apitest.Call{Path: "/v1/declines", Origin: apitest.ShopOrigin, JSON: r.Decision(t, apitest.Shop)})
	var declined wire.DeclineReply
	a.Into(t, &declined)
	path := strings.TrimPrefix(declined.Consent.ReceiptURL, r.URL)
	a, text := page(t, r, path, "")
	require.Equal(t, http.StatusOK, a.Status)
	require.Contains(t, text, "<title>You did not agree · Example Bank Limited</title>")
	require.Contains(t, text, "<h1>You did not agree</h1>")
	require.NotContains(t, text, "Your consent receipt", "there is no consent")
	require.Contains(t, text, "</svg>I do not agree</span>")
	require.NotContains(t, text, "<form")
	a = r.Do(t, apitest.Call{Path: path + "/withdraw", Form: map[string][]string{}})
	require.Equal(t, http.StatusNotFound, a.Status)
}

func TestTheReceiptIsInTheLanguageThatWasShown(t *testing.T) {
	r := apitest.New(t)
	for lang, wants := range map[string][]string{
		"hi": {`<html lang="hi" dir="ltr">`, "23 नवंबर 2026, दोपहर 3:30 <bdi"}, "ur": {`<html lang="ur" dir="rtl">`, "23 نومبر، 2026، 3:30 دوپہر میں <bdi"},
	} {
		var shown apitest.Shown
		r.Do(t, apitest.Call{Path: "/v1/view?sitekey=" + apitest.Shop + "&purpose=" + apitest.Purpose + "&lang=" + lang,
			Origin: apitest.ShopOrigin}).Into(t, &shown)
		_, path := agreed(t, r, M{"presentation": shown.Presentation, "notice_sha256": shown.Notice.SHA256})
		_, text := page(t, r, path, "en")
		for _, want := range wants {
			require.Contains(t, text, want)
		}
		require.NotContains(t, text, "{controller}")
	}
}

// Without JavaScript nothing can be shared or copied for the person: the address
// stands in words, in a letter and, for paper, in a code.
func TestTheReceiptsAddressCanBeKeptSentAndPrinted(t *testing.T) {
	r := apitest.New(t)
	begun, path := agreed(t, r, nil)
	_, text := page(t, r, path, "")
	letter := regexp.MustCompile(`href="(mailto:\?subject[^"]*)"`).FindStringSubmatch(text)
	require.NotNil(t, letter)
	parts, err := url.Parse(letter[1])
	require.NoError(t, err)
	require.Equal(t, "You agreed · Example Bank Limited", parts.Query().Get("subject"))
	require.Equal(t, begun.Consent.ReceiptURL, parts.Query().Get("body"))
	require.NotContains(t, letter[1], "+", "a mail program takes it for a plus")
	require.Regexp(t, `<svg class="qr" viewBox="0 0 \d+ \d+" role="img" aria-label="Address of this page"><path d="M[^"]{500,}z"/></svg>`, text)
}

func TestAStoreThatIsDownIsSaidInWords(t *testing.T) {
	r := apitest.New(t)
	begun, path := agreed(t, r, nil)
	r.Store.Fail(storetest.Begin)
	a := r.Do(t, apitest.Call{Path: path + "/withdraw", Form: map[string][]string{}})
	require.Equal(t, http.StatusServiceUnavailable, a.Status)
	require.Equal(t, "2", a.Header.Get("Retry-After"))
	require.Contains(t, string(a.Body), "This could not be saved. Please try again.")
	require.Equal(t, []string{"given", "used"}, r.Kinds(t, apitest.Shop, begun.Consent.ID))
}

func TestTheFilesProveTheDecisionAndTheWithdrawal(t *testing.T) {
	r := apitest.New(t)
	begun, path := agreed(t, r, nil)
	a := r.Do(t, apitest.Call{Path: path + ".withdrawal.receipt"})
	require.Equal(t, http.StatusNotFound, a.Status, "nothing was withdrawn yet")
	r.Do(t, apitest.Call{Path: path + "/withdraw", Form: map[string][]string{}})
	_, text := page(t, r, path, "")
	for suffix, want := range map[string]struct{ name, state string }{
		".receipt":            {"consent-" + begun.Consent.ID, `"state":"given"`},
		".withdrawal.receipt": {"withdrawal-" + begun.Consent.ID, `"state":"withdrawn"`},
	} {
		require.Contains(t, text, `href="`+path+suffix+`" download`)
		a := r.Do(t, apitest.Call{Path: path + suffix})
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, `attachment; filename="`+want.name+`.receipt"`, a.Header.Get("Content-Disposition"))
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		parsed, err := receipt.Parse(a.Body)
		require.NoError(t, err)
		require.Contains(t, string(parsed.Record), want.state)
	}
	require.Equal(t, http.StatusNotFound, r.Do(t, apitest.Call{Path: path[:len(path)-1] + ".receipt"}).Status)
}

func TestAnErasedRecordIsGoneInTheBrowsersLanguage(t *testing.T) {
	r := apitest.New(t)
	begun, path := agreed(t, r, nil)
	_, err := r.Ledger.Erase(t.Context(), consent.Erasure{IDs: []string{begun.Consent.ID}, Via: consent.ViaOperator, Reason: "case 4711"})
	require.NoError(t, err)
	for _, path := range []string{path, path + ".receipt"} {
		a, text := page(t, r, path, "hi")
		require.Equal(t, http.StatusGone, a.Status)
		require.Contains(t, text, `<html lang="hi" dir="ltr">`)
		require.NotContains(t, text, begun.Consent.ID)
	}
	a := r.Do(t, apitest.Call{Path: path + "/withdraw", Form: map[string][]string{}})
	require.Equal(t, http.StatusGone, a.Status)

	// The partner sees that it was, and nothing of what it was.
	var view struct {
		Record any `json:"record"`
		Events []M `json:"events"`
		Proof  any `json:"proof"`
	}
	r.Do(t, apitest.Call{Path: "/v1/consents/" + begun.Consent.ID, Secret: apitest.Secret(apitest.Shop)}).Into(t, &view)
	require.Nil(t, view.Record)
	require.Len(t, view.Events, 3)
	require.Equal(t, "used", view.Events[1]["kind"])
	require.NotContains(t, view.Events[1], "transaction_id")
	require.Equal(t, "operator", view.Events[2]["via"])
	for _, a := range []apitest.Answer{
		r.Do(t, apitest.Call{Path: "/v1/consents/" + begun.Consent.ID + "/withdraw", Secret: apitest.Secret(apitest.Shop), JSON: M{}}),
		r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": begun.Session}}),
	} {
		require.Equal(t, wire.ConsentWithdrawn, a.Problem(t).Code)
	}
}
