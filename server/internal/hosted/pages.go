package hosted

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// Pages serves the hosted flow.
type Pages struct {
	core    *connect.Service
	words   *notice.Words
	public  *url.URL
	version string
	test    bool

	panels sync.Map // *notice.Notice → map[string]notice.Stored
}

// New makes the pages. public is the relay's public URL, version what consent
// records say of the client; test marks every page.
func New(core *connect.Service, words *notice.Words, public *url.URL, version string, test bool) *Pages {
	return &Pages{core: core, words: words, public: public, version: version, test: test}
}

// Show answers GET: the notice, with a new presentation and a new key. The error,
// if any, is the refusal that the page told, for log and metrics.
func (p *Pages) Show(w http.ResponseWriter, r *http.Request, from netip.Addr) error {
	s, refused := readStart(r.URL.RawQuery)
	if refused != nil {
		return p.refuse(w, r, s, refused)
	}
	if s.origin == "" {
		s.origin = refererOrigin(r.Referer())
	}
	shown, err := p.core.View(r.Context(), s.sitekey, s.purpose, s.lang, r.Header.Get("Accept-Language"), connect.Visitor{Origin: s.origin, Address: from})
	if err != nil {
		return p.refuse(w, r, s, err)
	}
	if err := p.core.Returns(s.sitekey, s.returnURL); err != nil {
		return p.refuse(w, r, s, err)
	}
	v := &visit{
		Hosted: seal.Hosted{
			Base: seal.Base{Site: s.sitekey, Purpose: s.purpose}, Origin: s.origin, Return: s.returnURL, State: s.state,
			Lang: shown.Notice.Ref.Lang, Subject: s.subject, NoticeSHA256: shown.Notice.Ref.SHA256, Key: connect.NewKey(),
		},
		presentation: shown.Presentation, ticket: s.ticket, notice: shown.Notice,
	}
	return p.panel(w, http.StatusOK, v, "panel-notice")
}

// Own reports whether a form comes from the relay's own page: every browser sends
// Origin with it.
func (p *Pages) Own(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	return len(origins) == 1 && origins[0] == p.public.Scheme+"://"+p.public.Host
}

func (p *Pages) path() string { return strings.TrimSuffix(p.public.Path, "/") + "/v1/hosted" }

// refuse tells somebody of whom nothing is known yet but what the address says,
// which is trusted in nothing: the page leads nowhere.
func (p *Pages) refuse(w http.ResponseWriter, r *http.Request, s start, err error) error {
	return p.refuseStatus(w, r, s, err, 0)
}

// refuseStatus is refuse with another status than the code's own, if not 0.
func (p *Pages) refuseStatus(w http.ResponseWriter, r *http.Request, s start, err error, status int) error {
	l := p.words.Pick(s.lang, r.Header.Get("Accept-Language"))
	return p.plain(w, l, p.core.Notices.Controller(s.purpose, l.Tag), err, status)
}

// refusal is err as the core's; whatever is none is an internal error.
func refusal(err error) *connect.Error {
	if refused, ok := errors.AsType[*connect.Error](err); ok {
		return refused
	}
	return &connect.Error{Code: wire.Internal, Detail: "an unexpected error", Cause: err}
}

func invalid(detail string) *connect.Error {
	return &connect.Error{Code: wire.InvalidRequest, Detail: detail}
}
