package hosted_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"ekycconnect/server/internal/httpapi/apitest"
)

func TestAPersonAgreesWithoutJavaScriptAndThePartnerRedeems(t *testing.T) {
	r := apitest.New(t)
	done := open(t, r, address("subject", "customer-1")).on("panel-notice").press("agree").on("panel-captcha").
		press("submit", "answer", " abc12 ").on("panel-done")
	to, fields := done.back()
	require.Equal(t, apitest.ShopReturn, to, "byte for byte")
	require.Equal(t, []string{state}, fields["state"])
	require.Len(t, fields, 2)
	v := r.Verify(t, apitest.Shop, apitest.M{"response": fields.Get("ekyc-connect-response"), "subject": "customer-1"})
	require.True(t, v.Success, v.ErrorCodes)
	require.Equal(t, "abc12", v.Captcha)
	require.Equal(t, apitest.ShopOrigin, v.Origin)
	require.Equal(t, attr(done.part("receipt"), "href"), v.Consent.ReceiptURL)
	record, err := r.Ledger.Consent(t.Context(), apitest.Shop, v.Consent.ID)
	require.NoError(t, err)
	var body map[string]any
	require.NoError(t, json.Unmarshal(record.Body, &body))
	require.Contains(t, string(record.Body), `"hosted"`, "the channel")
	require.Contains(t, string(record.Body), `"0.0.0-test"`, "the version")
}

func TestTheNoticeIsTheOneThatTheRecordNames(t *testing.T) {
	r := apitest.New(t)
	s := open(t, r, address()).on("panel-notice")
	shown := textOf(s.part("panel-notice"))
	n, _ := r.Core.Notices.Pick(apitest.Purpose, "en", "")
	var exact struct{ Panel any }
	require.NoError(t, json.Unmarshal(n.Bytes, &exact))
	var each func(any)
	each = func(v any) {
		element := v.([]any)
		for _, child := range element[2:] {
			if text, ok := child.(string); ok {
				require.Contains(t, shown, strings.Join(strings.Fields(text), " "))
			} else {
				each(child)
			}
		}
	}
	each(exact.Panel)
}

func TestAgreeingAndDecliningAreEqualButtons(t *testing.T) {
	s := open(t, apitest.New(t), address())
	agree, decline := s.part("agree"), s.part("decline")
	for _, name := range []string{"class", "form", "name"} {
		require.Equal(t, attr(agree, name), attr(decline, name))
	}
	require.Equal(t, agree.Parent, decline.Parent)
	require.Equal(t, "actions", attr(agree.Parent, "class"))
	require.Empty(t, s.find("type", "checkbox"))
}

func TestWhoDeclinesIsRecordedAndGoesBack(t *testing.T) {
	r := apitest.New(t)
	for part, alternative := range map[string]bool{"decline": false, "alternative": true} {
		s := open(t, r, address("subject", "c-"+part)).press(part).on("panel-declined")
		_, fields := s.back()
		require.Equal(t, ".declined", fields.Get("ekyc-connect-response"))
		require.Equal(t, state, fields.Get("state"))
		records, _, err := r.Ledger.BySubject(t.Context(), apitest.Shop, "c-"+part, 10, "")
		require.NoError(t, err)
		require.Len(t, records, 1)
		require.EqualValues(t, "refused", records[0].Kind)
		require.Equal(t, alternative, strings.Contains(string(records[0].Body), "other-id"))
		require.NotNil(t, s.part("receipt"))
		require.Nil(t, s.part("withdraw"), "nothing was agreed to")
		again := s.press("retry").on("panel-notice")
		require.Contains(t, again.Path, "subject=c-"+part)
		again.press("agree").on("panel-captcha")
	}
	require.Equal(t, 2, len(r.Vendor.SessionIDs()), "the vendor hears of no refusal")
}

func TestTheWaysOutOfThePictureRecordNothingMore(t *testing.T) {
	r := apitest.New(t)
	for _, part := range []string{"cannot-read", "alternative"} {
		captcha := open(t, r, address("subject", part)).press("agree").on("panel-captcha")
		s := captcha.press(part).on("panel-declined")
		_, fields := s.back()
		require.Equal(t, ".declined", fields.Get("ekyc-connect-response"))
		require.Equal(t, 1, r.Entries(t, apitest.Shop, part))
		for _, page := range []*browserPage{captcha, s} {
			require.Equal(t, attr(page.part("receipt"), "href"), attr(page.part("withdraw"), "href"))
		}
		s.press("retry").on("panel-captcha")
		require.Equal(t, 1, r.Entries(t, apitest.Shop, part), "the same consent")
	}
}

func TestThePictureIsAnImageWithANameThatSaysWhatItIsFor(t *testing.T) {
	s := open(t, apitest.New(t), address()).press("agree")
	img := s.part("captcha")
	require.Equal(t, "img", img.Data)
	require.Equal(t, "Picture with letters from UIDAI, to show that you are a person", attr(img, "alt"))
	data, ok := strings.CutPrefix(attr(img, "src"), "data:image/jpeg;base64,")
	require.True(t, ok)
	jpeg, err := base64.StdEncoding.DecodeString(data)
	require.NoError(t, err)
	require.Equal(t, []byte{0xff, 0xd8}, jpeg[:2])
	require.Equal(t, "answer", attr(s.find("for", "answer")[0], "for"))
	require.Equal(t, "answer", attr(s.part("answer"), "id"))

	again := s.press("reload").on("panel-captcha")
	require.NotEqual(t, attr(img, "src"), attr(again.part("captcha"), "src"))
	require.NotEmpty(t, again.part("enlarge"))
	require.NotEmpty(t, again.part("contrast"))
}

func TestEnterInTheLettersSendsThem(t *testing.T) {
	s := open(t, apitest.New(t), address()).press("agree")
	var first string // the button that a browser presses for Enter
	for n := range s.all.Descendants() {
		if n.Data == "button" && attr(n, "form") == attr(s.part("answer"), "form") && first == "" {
			first = attr(n, "data-part")
		}
	}
	require.Equal(t, "submit", first)
}

func TestLettersThatCannotBeRightGetAReasonAndANewPicture(t *testing.T) {
	r := apitest.New(t)
	n, _ := r.Core.Notices.Pick(apitest.Purpose, "en", "")
	for letters, why := range map[string]string{
		"ab cd ef gh ij kl": "answer_invalid", "ü": "answer_invalid", "2341 2341 2346": "answer-twelve-digits", "": "answer_invalid",
	} {
		s := open(t, r, address()).press("agree")
		wrong := s.press("submit", "answer", letters).on("panel-captcha")
		require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
		require.Equal(t, messageOf(t, n.View, why), textOf(wrong.part("error")))
		require.NotEqual(t, attr(s.part("captcha"), "src"), attr(wrong.part("captcha"), "src"))
		if letters != "" {
			require.NotContains(t, wrong.text, letters)
		}
		require.Contains(t, wrong.text, "<title>"+textOf(wrong.part("error"))+" · Type the letters in the picture · ")
		wrong.press("submit", "answer", "abc12").on("panel-done")
	}
}

// A page that comes is said from where its focus is; an alert in it is not said.
func TestWhoIsToldOfAProblemBeginsAtIt(t *testing.T) {
	r := apitest.New(t)
	begins := func(s *browserPage, tag, part string) {
		var at []*html.Node
		for n := range s.all.Descendants() {
			if n.Type == html.ElementNode && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "autofocus" }) {
				at = append(at, n)
			}
		}
		require.Len(t, at, 1, s.text)
		require.Equal(t, tag, at[0].Data)
		require.Equal(t, part, attr(at[0], "data-part"))
		require.Contains(t, strings.Fields(attr(at[0], "aria-describedby")), "error")
		require.Len(t, s.find("id", "error"), 1)
		require.Empty(t, s.find("role", "alert"))
	}
	captcha := open(t, r, address()).press("agree").on("panel-captcha")
	require.NotContains(t, captcha.text, "autofocus", "who has not read yet begins above")
	require.Equal(t, "go", attr(captcha.part("answer"), "enterkeyhint"))
	begins(captcha.press("submit", "answer", "2341 2341 2346"), "input", "answer")
	begins(open(t, r, address("sitekey", apitest.Down, "return", "")).press("agree").on("panel-error"), "h2", "heading")
	begins(open(t, r, address("sitekey", "pk_nobody", "purpose", "none")).on("panel-error"), "h1", "")

	receipt := attr(captcha.part("receipt"), "href")
	r.Do(t, apitest.Call{Path: strings.TrimPrefix(receipt, r.URL) + "/withdraw", Form: url.Values{}})
	withdrawn := captcha.press("submit", "answer", "abc12").on("panel-error")
	begins(withdrawn, "h2", "heading")
	require.Contains(t, textOf(withdrawn.part("error")), "You have withdrawn your consent")
}

func TestSentTwiceItIsOneConsent(t *testing.T) {
	r := apitest.New(t)
	s := open(t, r, address("subject", "twice"))
	_, _, fields := s.form(s.part("agree"))
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			r.Do(t, apitest.Call{Path: "/v1/hosted", Form: fields, Origin: r.URL})
		})
	}
	all.Wait()
	captcha := s.send(fields).on("panel-captcha")
	require.Equal(t, 1, r.Entries(t, apitest.Shop, "twice"))

	_, _, answer := captcha.form(captcha.part("submit"))
	answer.Set("answer", "abc12")
	var tokens []string
	for range 2 {
		_, back := captcha.send(answer).on("panel-done").back()
		tokens = append(tokens, back.Get("ekyc-connect-response"))
	}
	require.True(t, r.Verify(t, apitest.Shop, apitest.M{"response": tokens[0]}).Success)
	require.Equal(t, []string{"already-seen-response"}, r.Verify(t, apitest.Shop, apitest.M{"response": tokens[1]}).ErrorCodes)

	_, _, no := s.form(s.part("decline"))
	s.send(no).on("panel-declined")
	s.send(no).on("panel-declined")
	require.Equal(t, 2, r.Entries(t, apitest.Shop, "twice"), "and a refusal is one refusal")
}

func TestATicketSaysWhoThePersonIs(t *testing.T) {
	r := apitest.New(t)
	ticket := r.Ticket(t, apitest.Shop, apitest.M{"subject": "ticket-subject"})
	s := open(t, r, address("ticket", ticket)).press("agree").press("submit", "answer", "abc12").on("panel-done")
	_, fields := s.back()
	v := r.Verify(t, apitest.Shop, apitest.M{"response": fields.Get("ekyc-connect-response")})
	require.Equal(t, "ticket-subject", v.Consent.Subject)
	require.Equal(t, "ticket", v.Consent.SubjectSource)

	spent := open(t, r, address("ticket", ticket)).press("agree").on("panel-error")
	require.Equal(t, http.StatusForbidden, spent.Status)
	require.Nil(t, spent.part("retry"))
	require.NotNil(t, spent.part("alternative"))
}

func TestEveryTroubleIsAPageInThePersonsLanguageWithTheWidgetsWords(t *testing.T) {
	r := apitest.New(t)
	for sitekey, c := range map[string]struct {
		status int
		words  string
		again  bool
	}{
		apitest.Busy:     {503, "vendor_busy", true},
		apitest.Down:     {503, "vendor", true},
		apitest.Rejected: {502, "vendor_rejected", false},
		apitest.BadJPEG:  {502, "vendor", true},
	} {
		for _, lang := range []string{"en", "hi", "ur"} {
			n, _ := r.Core.Notices.Pick(apitest.Purpose, lang, "")
			s := open(t, r, address("sitekey", sitekey, "lang", lang, "return", "")).press("agree").on("panel-error")
			require.Equal(t, c.status, s.Status)
			require.Equal(t, lang, s.Header.Get("Content-Language"))
			require.Equal(t, messageOf(t, n.View, c.words)+" ("+s.Header.Get("X-Request-Id")[:8]+")", textOf(s.part("error")))
			require.Equal(t, c.again, s.part("retry") != nil)
			require.NotNil(t, s.part("receipt"), "the consent stands")
			require.NotNil(t, s.part("withdraw"))
			if c.again && sitekey != apitest.Busy {
				require.Equal(t, c.status, s.press("retry").on("panel-error").Status, "the same step, the same consent")
			}
			declined := s.press("alternative").on("panel-declined")
			require.Equal(t, attr(s.part("receipt"), "href"), attr(declined.part("withdraw"), "href"), "and no refusal is recorded beside it")
		}
	}
	s := open(t, r, address("sitekey", "pk_nobody", "lang", "hi"))
	require.Equal(t, http.StatusBadRequest, s.Status)
	require.Equal(t, "hi", s.Header.Get("Content-Language"))
	require.Empty(t, s.find("method", "post"))
}

func TestABusyVendorIsTriedAgainUnderTheSameConsent(t *testing.T) {
	r := apitest.New(t)
	s := open(t, r, address("sitekey", apitest.Busy, "return", "", "subject", "busy")).press("agree").on("panel-error")
	require.NotEmpty(t, s.Header.Get("Retry-After"))
	for range 4 {
		if s.part("retry") == nil {
			break
		}
		s = s.press("retry")
	}
	s.on("panel-captcha")
	require.Equal(t, 1, r.Entries(t, apitest.Busy, "busy"))
}

func TestWhenTheTimeIsOverItBeginsAnew(t *testing.T) {
	r := apitest.New(t)
	n, _ := r.Core.Notices.Pick(apitest.Purpose, "en", "")
	s := open(t, r, address("subject", "late")).press("agree").on("panel-captcha")
	r.Clock.Add(11 * time.Minute)
	for _, part := range []string{"submit", "reload"} {
		late := s.press(part, "answer", "abc12").on("panel-error")
		require.Equal(t, http.StatusGone, late.Status)
		require.Contains(t, textOf(late.part("error")), messageOf(t, n.View, "session_expired"))
		fresh := late.press("retry").on("panel-notice")
		require.Contains(t, fresh.Path, "subject=late")
		require.Contains(t, fresh.Path, "return=")
	}
	r.Clock.Add(7 * time.Hour)
	old := s.press("submit", "answer", "abc12").on("panel-error")
	require.Equal(t, http.StatusGone, old.Status)
	old.press("retry").on("panel-notice").press("agree").on("panel-captcha")
}

func TestALanguageIsChosenByAForm(t *testing.T) {
	r := apitest.New(t)
	s := open(t, r, address("subject", "customer-1"))
	choice := s.part("language")
	require.Equal(t, "lang", attr(choice, "name"))
	require.Equal(t, "get", attr(choice.Parent, "method"))
	query := url.Values{"lang": {"ur"}}
	for n := range choice.Parent.Descendants() {
		if n.Data == "input" {
			query.Set(attr(n, "name"), attr(n, "value"))
		}
	}
	urdu := open(t, r, attr(choice.Parent, "action")+"?"+query.Encode()).on("panel-notice")
	require.Contains(t, urdu.text, `<html lang="ur" dir="rtl">`)
	done := urdu.press("agree").press("submit", "answer", "abc12").on("panel-done")
	require.Contains(t, done.text, `<html lang="ur" dir="rtl">`)
	to, _ := done.back()
	require.Equal(t, apitest.ShopReturn, to)
	a := r.Do(t, apitest.Call{Path: address(), Header: http.Header{"Accept-Language": {"hi"}}})
	require.Equal(t, "hi", a.Header.Get("Content-Language"))
}

func TestTheLongestOfEverythingFits(t *testing.T) {
	r := apitest.New(t)
	subject := strings.Repeat("घ", 128)
	s := open(t, r, address("subject", subject, "state", strings.Repeat("s", 128), "ticket", "")).press("agree").on("panel-captcha")
	s.press("submit", "answer", strings.Repeat("m", 16)).on("panel-done")
}

// messageOf is a message of the widget's view.
func messageOf(t *testing.T, view []byte, key string) (text string) {
	t.Helper()
	var each func(any)
	each = func(v any) {
		element, ok := v.([]any)
		if !ok {
			return
		}
		if keys, _ := element[1].(map[string]any)["class"].(string); strings.Contains(" "+keys+" ", " "+key+" ") {
			text = element[2].(string)
		}
		for _, child := range element[2:] {
			each(child)
		}
	}
	var root any
	require.NoError(t, json.Unmarshal(view, &root))
	each(root)
	require.NotEmpty(t, text, key)
	return text
}
