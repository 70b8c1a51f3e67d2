//go:build js && wasm

package widget_test

import (
	_ "embed"
	"strings"
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/internal/relay"
	"ekycconnect/wasm/internal/widget"
)

//go:embed testdata/page.js
var pageJS string

// page plays the loader, the relay and the person for one widget on a real DOM.
type page struct {
	t      *testing.T
	js     js.Value // what testdata/page.js made
	env    widget.Env
	widget *widget.Widget
	mono   int // ms that have passed
	wall   int
	keys   int  // that were made
	agreed bool // and no button acts for a while
}

// open makes a page; params are attributes in turn: name, value.
func open(t *testing.T, params ...any) *page {
	p := &page{t: t, js: js.Global().Call("eval", pageJS).Invoke(jsx.Object(append([]any{"sitekey", "pk_test_pass", "purpose", "account-opening"}, params...)...))}
	p.env = widget.Browser(js.Undefined(), js.Undefined())
	p.env.Key = func() string { p.keys++; return "key-of-this-press-" + jsx.Itoa(p.keys) }
	p.env.Mono = func() int { return p.mono }
	p.env.Wall = func() int { return p.wall }
	p.env.Decode = func(jpeg string) js.Value { return p.js.Call("decode", jpeg) }
	p.env.Draw = func(_, picture js.Value) { p.js.Call("draw", picture) }
	t.Cleanup(func() {
		if p.widget != nil {
			p.widget.Close()
		}
		p.js.Call("remove")
	})
	return p
}

func (p *page) bind() *page {
	core := widget.Core{Relay: relay.New("https://relay.example", p.js.Get("fetch")), Version: "1.2.3", Build: "abcdefghijklmnop", Env: p.env}
	p.widget = core.Bind(p.js)
	return p
}

func (p *page) part(name string) js.Value {
	p.t.Helper()
	part := p.js.Get("root").Call("querySelector", `[data-part="`+name+`"]`)
	require.True(p.t, part.Truthy(), name)
	return part
}

// press presses the part that is shown, as a script does that waits until buttons act.
func (p *page) press(name string) {
	p.t.Helper()
	if p.agreed {
		p.passes(1000, 1000)
	}
	p.agreed = name == "agree"
	p.pressAtOnce(name)
}

func (p *page) pressAtOnce(name string) {
	p.t.Helper()
	found := p.js.Get("root").Call("querySelector", `section:not([hidden]) [data-part="`+name+`"]`)
	require.True(p.t, found.Truthy(), "%s is not shown", name)
	found.Call("focus")
	found.Call("click")
}

func (p *page) typeIn(text string) {
	answer := p.part("answer")
	answer.Set("value", text)
	answer.Call("dispatchEvent", js.Global().Get("InputEvent").New("input", jsx.Object("bubbles", true, "composed", true)))
}

func (p *page) text(name string) string { return p.part(name).Get("textContent").String() }

// seen is what is seen instead of what is heard.
func (p *page) seen() string {
	return p.js.Get("root").Call("querySelector", "[data-slot=seen]").Get("textContent").String()
}

func (p *page) attribute(part, name string) string {
	return jsx.String(p.part(part).Call("getAttribute", name))
}

// style is how the picture is looked at.
func (p *page) style(property string) string {
	return p.part("captcha").Get("style").Get(property).String()
}

// reaches waits for a public state.
func (p *page) reaches(state string) {
	p.t.Helper()
	_, err := jsx.Await(p.js.Call("reaches", state))
	require.NoError(p.t, err)
	require.Equal(p.t, state, p.js.Get("now").String())
}

// settles lets all that is under way come to its end.
func (p *page) settles() {
	_, err := jsx.Await(p.js.Call("settles"))
	require.NoError(p.t, err)
}

// answers tells the relay's next answers: route, status, body, in turn.
func (p *page) answers(route string, status int, body string) {
	p.js.Get("answers").Call("push", jsx.Object("route", route, "status", status, "body", body))
}

// asked is the bodies that were sent to this route.
func (p *page) asked(route string) []js.Value {
	var all []js.Value
	calls := p.js.Get("calls")
	for i := range calls.Length() {
		if c := calls.Index(i); strings.HasSuffix(c.Get("url").String(), "/v1/"+route) {
			all = append(all, js.Global().Get("JSON").Call("parse", c.Get("body")))
		}
	}
	return all
}

// told is the details of the events of this type.
func (p *page) told(event string) []js.Value {
	var all []js.Value
	log := p.js.Get("log")
	for i := range log.Length() {
		if log.Index(i).Get("type").String() == event {
			all = append(all, log.Index(i).Get("detail"))
		}
	}
	return all
}

func (p *page) shown() string {
	var all []string
	panels := p.js.Get("root").Call("querySelectorAll", "section:not([hidden])")
	for i := range panels.Length() {
		all = append(all, panels.Index(i).Get("dataset").Get("part").String())
	}
	return strings.Join(all, " ")
}

// focused is the panel and the part that have the focus within the widget.
func (p *page) focused() string {
	active := p.js.Get("root").Get("activeElement")
	if !active.Truthy() {
		return ""
	}
	panel := active.Call("closest", "section")
	if !panel.Truthy() {
		return active.Get("dataset").Get("part").String()
	}
	return panel.Get("dataset").Get("part").String() + " " + active.Get("dataset").Get("part").String()
}

const (
	sessionReply = `{"session":"session-1","consent":{"id":"consent-1","given_at":"2026-01-02T03:04:05.678Z","receipt_url":"https://relay.example/v1/receipts/r"},"captcha":{"media_type":"image/jpeg","data":"picture-1"},"expires_at":"","expires_in":600}`
	captchaReply = `{"session":"session-2","captcha":{"media_type":"image/jpeg","data":"picture-2"},"expires_at":"","expires_in":500}`
	tokenReply   = `{"token":"token-1","expires_at":"","expires_in":300}`
)

func (p *page) toCaptcha() {
	p.t.Helper()
	p.answers("sessions", 201, sessionReply)
	p.press("agree")
	p.reaches("captcha")
}

func (p *page) toDone() {
	p.t.Helper()
	p.answers("answers", 201, tokenReply)
	p.typeIn("aB3xY")
	p.press("submit")
	p.reaches("done")
}
