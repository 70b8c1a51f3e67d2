package httpapi

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

type viewReply struct {
	View         jsontext.Value  `json:"view,omitzero"` // nil: the page has it
	Notice       wire.NoticeRef  `json:"notice"`
	Languages    []wire.Language `json:"languages"`
	Presentation string          `json:"presentation"`
}

// view answers with the notice in the person's language, ready to paint.
func (a *API) view(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		a.problem(w, r, problem(wire.InvalidRequest, "the query does not parse"))
		return
	}
	for _, name := range []string{"sitekey", "purpose", "lang", "have"} {
		if len(query[name]) > 1 {
			a.problem(w, r, problem(wire.InvalidRequest, "the query has "+name+" more than once"))
			return
		}
	}
	for _, name := range []string{"sitekey", "purpose"} {
		if query.Get(name) == "" {
			a.problem(w, r, problem(wire.InvalidRequest, missing[name]))
			return
		}
	}
	shown, err := a.Core.View(r.Context(), query.Get("sitekey"), query.Get("purpose"), query.Get("lang"), r.Header.Get("Accept-Language"),
		connect.Visitor{Origin: a.viewOrigin(r), Address: a.clientOf(r)})
	if err != nil {
		a.problem(w, r, err)
		return
	}
	allow(w, r.Header.Get("Origin"))
	if err := a.views.write(w, r, shown, query.Get("have")); err != nil {
		a.problem(w, r, err)
	}
}

// missing says to whoever builds the page which attribute is not there: the widget puts
// it on the console and into its event.
var missing = map[string]string{
	"sitekey": `there is no sitekey: write sitekey="pk_…" on <ekyc-connect>, or data-sitekey="pk_…" on the div; another spelling, as site-key, is not read`,
	"purpose": `there is no purpose: write purpose="…" on <ekyc-connect>, or data-purpose="…" on the div, with a name of the relay's configuration`,
}

// viewOrigin allows for a page of the relay's own origin, whose GET carries no
// Origin. Where the browser says with Sec-Fetch-Site that the page is another
// one, it has the empty origin, which no site has.
func (a *API) viewOrigin(r *http.Request) string {
	if len(r.Header.Values("Origin")) > 0 {
		return originOf(r)
	}
	if site := r.Header.Values("Sec-Fetch-Site"); len(site) > 0 && !slices.Equal(site, []string{"same-origin"}) {
		return ""
	}
	return a.PublicURL.Scheme + "://" + a.PublicURL.Host
}
