package hosted

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/notice"
	"ekycconnect/wasm/wire"
)

//go:embed page.html
var pageHTML string

var pages = template.Must(template.New("").Parse(pageHTML))

// view is what page.html sees.
type view struct {
	notice.Language
	Words  map[string]string // of the hosted page
	Style  template.CSS
	Script template.JS
	Test   bool
	Path   string // where forms lead

	Title     string // empty where nobody knows whose page it is
	Heading   string
	Panel     template.HTML
	Wrong     string // with the last answer
	Carry     []field
	Query     []field
	Languages []wire.Language
	Picture   template.URL
	Receipt   string
	Refused   bool         // what the receipt is of
	Leads     template.URL // of "use another ID"; empty: nowhere
	Agreed    bool

	Reason  string // of a problem
	Request string // the beginning of its request's id
	Again   string // what its button does; empty: none
	Anew    bool   // back to the notice

	Response, State, Origin string // how it ended
	Seconds                 int    // that the response lives; 0: for ever
	Return                  template.URL
}

// panel shows one of the widget's panels, its controls as those of a form.
func (p *Pages) panel(w http.ResponseWriter, status int, v *visit, name string, more ...func(*view)) error {
	out, err := p.view(v)
	if err != nil {
		return p.broken(w, v, err)
	}
	for _, f := range more {
		f(&out)
	}
	panels, err := p.panelsOf(v.notice)
	if err != nil {
		return p.broken(w, v, err)
	}
	shown := panels[name]
	out.Heading, out.Leads = shown.Heading(), shown.Href("alternative")
	out.Panel = shown.HTML(out.control)
	return p.write(w, status, out, p.formsTo(v))
}

// picture shows the captcha.
func (p *Pages) picture(w http.ResponseWriter, status int, v *visit, captcha wire.Captcha, wrong string) error {
	return p.panel(w, status, v, "panel-captcha", func(out *view) {
		out.Picture, out.Wrong = template.URL("data:"+captcha.MediaType+";base64,"+captcha.Data), wrong
	})
}

// end shows a panel with which the way ends, and gives the response to whom it is
// for. seconds is how long the response lives, 0 for ever.
func (p *Pages) end(w http.ResponseWriter, v *visit, panel, response string, seconds int, more ...func(*view)) error {
	return p.panel(w, http.StatusOK, v, panel, append(more, func(out *view) {
		out.Response, out.Seconds, out.State, out.Origin = response, seconds, v.State, v.Origin
		out.Return = template.URL(v.Return)
	})...)
}

// view is what every page of a visit has.
func (p *Pages) view(v *visit) (view, error) {
	l := p.words.In(v.notice.Ref.Lang)
	carry, err := p.fields(v)
	words := l.PageWords(v.notice.Controller)
	out := view{
		Language: l, Words: words, Title: words["title"], Path: p.path(),
		Carry: carry, Query: v.query(), Languages: v.notice.Languages, Agreed: v.session != "",
	}
	if v.ConsentID != "" {
		out.Receipt = p.core.Receipts.URL(v.ConsentID)
	}
	return out, err
}

// problem says what went wrong, and offers what may help: the same step again,
// the notice again, another ID.
func (p *Pages) problem(w http.ResponseWriter, v *visit, err error, step string) error {
	refused := refusal(err)
	if refused.Consent != nil {
		v.ConsentID = refused.Consent.ID
	}
	out, sealed := p.view(v)
	if sealed != nil {
		return p.broken(w, v, sealed)
	}
	out.Heading, out.Reason, out.Request = out.Interface["error-title"], out.Said(refused.Code, v.notice.Controller), brief(w)
	switch refused.Code {
	case wire.SessionExpired, wire.SessionInvalid, wire.ConsentWithdrawn, wire.NoticeChanged, wire.IdempotencyConflict:
		out.Anew = true
	default:
		out.Anew = refused.Code == wire.RateLimited && out.Agreed
		if refused.Code.Retryable() && !out.Anew {
			out.Again = step
		}
	}
	wait(w, refused)
	if err := p.write(w, refused.Code.Status(), out, p.formsTo(v)); err != nil {
		return err
	}
	return refused
}

// brief is the beginning of the request's id, which every answer carries.
func brief(w http.ResponseWriter) string { return wire.Brief(w.Header().Get("X-Request-Id")) }

// broken is a problem with the page itself.
func (p *Pages) broken(w http.ResponseWriter, v *visit, err error) error {
	return p.plain(w, p.words.In(v.notice.Ref.Lang), v.notice.Controller, err, 0)
}

// plain is a page that says what went wrong and leads nowhere. status is another
// than the code's own, if not 0.
func (p *Pages) plain(w http.ResponseWriter, l notice.Language, controller string, err error, status int) error {
	refused := refusal(err)
	if status == 0 {
		status = refused.Code.Status()
	}
	wait(w, refused)
	out := view{Language: l, Heading: l.Interface["error-title"], Reason: l.Said(refused.Code, controller), Request: brief(w), Words: l.PageWords(controller)}
	if controller != "" {
		out.Title = out.Words["title"]
	}
	if err := p.write(w, status, out, nil); err != nil {
		return err
	}
	return refused
}

func wait(w http.ResponseWriter, refused *connect.Error) {
	if refused.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((refused.RetryAfter+time.Second-1)/time.Second)))
	}
}

func (p *Pages) write(w http.ResponseWriter, status int, v view, formsTo []string) error {
	v.Style, v.Script, v.Test = style, script, p.test
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, "page", v); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return err
	}
	headers(w, formsTo)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Tag)
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // a client that has left is nobody's error
	return nil
}

// panelsOf reads the panels of a notice once.
func (p *Pages) panelsOf(n *notice.Notice) (map[string]notice.Stored, error) {
	if kept, ok := p.panels.Load(n); ok {
		return kept.(map[string]notice.Stored), nil
	}
	panels, err := n.Panels()
	if err == nil {
		p.panels.Store(n, panels)
	}
	return panels, err
}

// control is what a part of a panel that can be operated is here; "" leaves it out.
func (v view) control(part, text string) template.HTML {
	if part == "" {
		part = "label" // the only one without a name
	}
	control := pages.Lookup("control-" + part)
	if control == nil {
		return ""
	}
	var out bytes.Buffer
	if err := control.Execute(&out, struct {
		view
		Text string
	}{v, text}); err != nil { // the templates are our own and the values are text
		panic(err)
	}
	return template.HTML(out.String())
}
