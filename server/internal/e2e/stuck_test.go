package e2e

import (
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hastened lets 15 s of the loader pass at once, when a test says so.
const hastened = `
globalThis.late = [];
{ const plain = setTimeout; window.setTimeout = (f, ms, ...more) => { if (ms == 15000) late.push(f); return plain(f, ms, ...more) } }
`

const runOut = `late.forEach(f => f()), 0`

// away is the link to the hosted page, if it is shown.
const away = `(a => a && a.checkVisibility() && a)(document.querySelector('ekyc-connect').shadowRoot.querySelector('a[rel=opener]'))`

func TestWhoWaitsInVainMayTryAgainOrGoOnElsewhere(t *testing.T) {
	t.Parallel()
	way := newRoad(t, startRelay(t))
	for _, c := range []struct{ name, held, press string }{
		{"a view that never comes", "/v1/view", ""},
		{"a program that never comes, after agreeing", ".wasm", "agree"},
	} {
		t.Run(c.name, func(t *testing.T) {
			way.hold(c.held)
			defer way.open(c.held)
			site := newPartner(t, form{Relay: way.URL, Markup: withOwn("pk_test_pass")})
			b := newTab(t)
			b.do(onNewDocument(hastened))
			b.open(site.URL)
			if c.press != "" {
				b.state("notice")
				b.press(c.press)
				b.until(part(c.press) + `.ariaBusy === 'true'`)
			}
			b.until(`late.length > 0`)
			require.False(t, js[bool](b, `!!`+away), "not yet")
			js[any](b, runOut)
			b.state("error")
			require.Equal(t, "network", events(b, "error")[0]["code"])
			require.NotNil(t, js[any](b, part("retry")+` ? 1 : null`))
			link := js[string](b, away+`.href`)
			require.True(t, strings.HasPrefix(link, way.URL+"/v1/hosted?"), link)
			require.NotEmpty(t, js[string](b, away+`.textContent`))
			if c.press == "" {
				require.True(t, js[bool](b, `document.getElementById('own').checkVisibility()`), "the element's own children show")
			}
			way.open(c.held)
			js[any](b, `new Promise(over => setTimeout(over, 1000))`) // for so long after agree no button acts
			b.press("retry")
			b.state("notice")
			b.finish()
		})
	}
}

func TestWhoRefusesIsLetGoWithoutTheProgram(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	way := newRoad(t, relay)
	for press, reason := range map[string]string{"decline": "declined", "alternative": "other-id"} {
		t.Run(press, func(t *testing.T) {
			way.hold(".wasm")
			defer way.open(".wasm")
			site := newPartner(t, form{Relay: way.URL, Markup: widget("pk_test_pass", `subject="who-`+press+`"`)})
			b := newTab(t)
			b.do(onNewDocument(hastened))
			b.open(site.URL)
			b.state("notice")
			b.press(press)
			b.until(part(press) + `.ariaBusy === 'true'`)
			js[any](b, runOut)
			b.state("declined")
			require.Equal(t, []map[string]any{{"type": "decline", "reason": reason}}, events(b, "decline"))
			require.Empty(t, events(b, "error"))
			require.NotNil(t, js[any](b, part("panel-declined")+` ? 1 : null`))
			refused := func() []recorded { return consentsOf(t, relay, "who-"+press) }
			require.Eventually(t, func() bool { return len(refused()) > 0 }, time.Minute, 20*time.Millisecond)

			require.Equal(t, "refused", refused()[0].Event.State)
			require.Regexp(t, `^web-widget/.+\+[a-p]{16}$`, refused()[0].Event.Method)

			b.do(clickContinue)
			require.Equal(t, ".declined", (<-site.posts).Get("ekyc-connect-response"))
		})
	}
}

// A refusal is recorded once, also if the program comes after all.
func TestARefusalWithoutTheProgramIsSentOnce(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	way := newRoad(t, relay)
	way.hold(".wasm")
	site := newPartner(t, form{Relay: way.URL, Markup: widget("pk_test_pass", `subject="once"`)})
	b := newTab(t)
	b.do(onNewDocument(hastened))
	b.open(site.URL)
	b.state("notice")
	b.press("decline")
	b.until(part("decline") + `.ariaBusy === 'true'`)
	js[any](b, runOut)
	b.state("declined")
	way.open(".wasm")
	b.press("retry")
	b.state("notice")
	js[any](b, `EkycConnect.ready().then(() => 0)`)
	b.press("decline")
	b.until(`seen.filter(e => e.type === 'decline').length === 2`)
	require.Empty(t, events(b, "decline")[0]["consentId"])
	require.NotEmpty(t, events(b, "decline")[1]["consentId"], "the program records the second one")
	require.Eventually(t, func() bool { return len(consentsOf(t, relay, "once")) == 2 }, time.Minute, 20*time.Millisecond)
}

// recorded is what the partner reads of a record.
type recorded struct {
	Event struct {
		State  string `json:"state"`
		Method string `json:"collection_method"`
	} `json:"event"`
}

// consentsOf asks as the partner's back end for the records of a subject.
func consentsOf(t *testing.T, relay, subject string) (records []recorded) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, relay+"/v1/consents?subject="+subject, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer sk_test_pass")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	var page struct {
		Consents []struct {
			Record recorded `json:"record"`
		} `json:"consents"`
	}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&page))
	for _, c := range page.Consents {
		records = append(records, c.Record)
	}
	return records
}

// As long as nobody waits for the program, the notice stays.
func TestAProgramThatDoesNotComeDisturbsNoReader(t *testing.T) {
	t.Parallel()
	way := newRoad(t, startRelay(t))
	way.hold(".wasm")
	site := newPartner(t, form{Relay: way.URL, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.do(onNewDocument(hastened))
	b.open(site.URL)
	b.state("notice")
	b.until(`performance.getEntriesByType('resource').length > 1 && late.length > 1`)
	js[any](b, runOut)
	require.Equal(t, "notice", js[string](b, `EkycConnect.getState()`))
	way.open(".wasm")
	b.finish()
	require.Empty(t, events(b, "error"))
}

// An older engine has neither what a form's own element needs nor sheets to adopt.
func TestAnOlderEngineIsLedToTheHostedPageAndItsAnswerIsAField(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for name, without := range map[string]string{
		"Safari before 16.4": `delete HTMLElement.prototype.attachInternals; delete Document.prototype.adoptedStyleSheets`,
		"Chrome before 86":   `delete Element.prototype.replaceChildren; delete Document.prototype.replaceChildren; delete DocumentFragment.prototype.replaceChildren`,
		"Firefox before 101": `delete Document.prototype.adoptedStyleSheets; delete ShadowRoot.prototype.adoptedStyleSheets`,
	} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: withOwn("pk_test_pass")})
			b := newTab(t)
			b.do(onNewDocument(without))
			b.open(site.URL)
			b.until(`!!` + away)
			require.True(t, js[bool](b, `document.getElementById('own').checkVisibility()`), "the element's own children show")
			require.True(t, js[bool](b, `document.forms[0].checkValidity()`), "the form is not blocked")
			require.Equal(t, ".unstarted", b.field())
			b.popup(func() { b.click(away, 1) }).through("abc12")
			b.until(`EkycConnect.getState() === 'done'`)
			b.do(clickContinue)
			token := (<-site.posts).Get("ekyc-connect-response")
			require.Equal(t, true, redeem(t, relay, token, nil)["success"])
		})
	}
}

func TestTheLoaderFindsItsRelayAsAModuleToo(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Own: true, Late: template.HTML(`<script type="module">import "` + relay + `/v1/ekyc-connect.js"</script>`)})
	b := newTab(t)
	b.open(site.URL)
	b.finish()
	require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
}
