package httpapi

import (
	"bytes"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

// fragmentAttributes are the attributes of <ekyc-connect> that a fragment may carry,
// with the values of those that have few. A boolean one is there, or is not.
var fragmentAttributes = map[string][]string{
	"purpose": nil, "lang": nil, "name": nil, "return": nil, "retry": nil,
	"required": {"", "true", "required", "false"}, "disabled": {"", "true", "disabled", "false"},
	"field": {"element", "input"}, "theme": {"auto", "light", "dark", "contrast"},
	"mode": {"inline", "hosted"}, "loading": {"lazy", "eager"},
}

// cspNonce is a nonce-source's value, CSP3 §2.3.1.
var cspNonce = regexp.MustCompile(`^[A-Za-z0-9+/_-]{1,128}={0,2}$`)

// fragmentHTML is a painted view inside its element. The view's tags and attributes are on
// a list.
var fragmentHTML = template.Must(template.New("").Parse(`<ekyc-connect{{range .Attributes}} {{.}}{{end}}><template shadowrootmode="open">` +
	`<style{{with .Nonce}} nonce="{{.}}"{{end}}>{{.Style}}</style>{{.View}}</template></ekyc-connect>` + "\n"))

type fragmentPage struct {
	Attributes []template.HTMLAttr
	Nonce      string
	Style      template.CSS
	View       template.HTML
}

// fragment answers with the element and its painted notice, as HTML for the partner's
// own page. It holds nothing of a visitor.
func (a *API) fragment(w http.ResponseWriter, r *http.Request, site *connect.Site) {
	query, wrong := readFragment(r.URL.RawQuery, site.Sitekey)
	if wrong != "" {
		a.problem(w, r, problem(wire.InvalidRequest, wrong))
		return
	}
	n, err := a.Core.Fragment(site, query.Get("purpose"), query.Get("lang"))
	if err != nil {
		a.problem(w, r, err)
		return
	}
	query.Set("sitekey", site.Sitekey)
	query.Set("lang", n.Ref.Lang)
	hosted := url.Values{"sitekey": query["sitekey"], "purpose": query["purpose"], "lang": query["lang"]}
	markup, err := n.Markup(strings.TrimSuffix(a.PublicURL.String(), "/") + "/v1/hosted?" + hosted.Encode())
	if err != nil {
		a.problem(w, r, err)
		return
	}
	page := fragmentPage{attributesOf(query), query.Get("nonce"), template.CSS(a.Assets.Style()), template.HTML(markup)}
	var body bytes.Buffer
	if err := fragmentHTML.Execute(&body, page); err != nil {
		a.problem(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	_, _ = w.Write(body.Bytes())
}

// readFragment takes the query apart; wrong says what is wrong with it.
func readFragment(raw, sitekey string) (query url.Values, wrong string) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, "the query does not parse"
	}
	for name, values := range query {
		allowed, known := fragmentAttributes[name]
		switch {
		case name == "ticket" || name == "subject":
			return nil, name + " is of one visitor: a fragment, which is for all, cannot hold it; let the page set it on the element"
		case name == "sitekey" && values[0] != sitekey:
			return nil, "sitekey is not that of the secret's site"
		case name == "nonce" && !cspNonce.MatchString(values[0]):
			return nil, "nonce is no value of a Content-Security-Policy"
		case !known && name != "sitekey" && name != "nonce":
			return nil, "the query takes nonce, and of the element's attributes " + strings.Join(slices.Sorted(maps.Keys(fragmentAttributes)), ", ")
		case len(values) > 1:
			return nil, "the query has " + name + " more than once"
		case allowed != nil && !slices.Contains(allowed, values[0]):
			return nil, name + " is one of " + strings.Join(allowed, ", ")
		}
	}
	if query.Get("purpose") == "" || query.Get("lang") == "" {
		return nil, "the query needs purpose and lang"
	}
	return query, ""
}

// attributesOf are the element's attributes, in the order of their names.
func attributesOf(query url.Values) (all []template.HTMLAttr) {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value := query.Get(name)
		switch {
		case name == "nonce" || name == "required" && value == "false" || name == "disabled" && value == "false":
		case name == "required" || name == "disabled":
			all = append(all, template.HTMLAttr(name))
		default:
			all = append(all, template.HTMLAttr(name+`="`+template.HTMLEscapeString(value)+`"`))
		}
	}
	return all
}
