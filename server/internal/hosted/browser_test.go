package hosted_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"ekycconnect/server/internal/httpapi/apitest"
)

// browserPage is a page in a browser without JavaScript.
type browserPage struct {
	t    *testing.T
	r    *apitest.Relay
	all  *html.Node
	text string // the markup
	apitest.Answer
}

const state = "state-of-this-visit-01"

// address is where a link of the shop leads, with some parameters changed; ""
// takes one away.
func address(change ...string) string {
	query := url.Values{
		"sitekey": {apitest.Shop}, "purpose": {apitest.Purpose}, "origin": {apitest.ShopOrigin},
		"return": {apitest.ShopReturn}, "state": {state},
	}
	for i := 0; i < len(change); i += 2 {
		query.Set(change[i], change[i+1])
		if change[i+1] == "" {
			query.Del(change[i])
		}
	}
	return "/v1/hosted?" + query.Encode()
}

func open(t *testing.T, r *apitest.Relay, path string) *browserPage {
	t.Helper()
	return read(t, r, r.Do(t, apitest.Call{Path: path}))
}

func read(t *testing.T, r *apitest.Relay, a apitest.Answer) *browserPage {
	t.Helper()
	require.Equal(t, []string{"text/html; charset=utf-8"}, a.Header.Values("Content-Type"), "%d %s", a.Status, a.Body)
	root, err := html.Parse(strings.NewReader(string(a.Body)))
	require.NoError(t, err)
	return &browserPage{t, r, root, string(a.Body), a}
}

// find gives every element for which the attribute has that value.
func (s *browserPage) find(name, value string) (found []*html.Node) {
	for n := range s.all.Descendants() {
		if n.Type == html.ElementNode && attr(n, name) == value {
			found = append(found, n)
		}
	}
	return found
}

// part is the one part of this name, nil without one.
func (s *browserPage) part(name string) *html.Node {
	found := s.find("data-part", name)
	require.LessOrEqual(s.t, len(found), 1, name)
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var words []string
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			words = append(words, strings.Fields(c.Data)...)
		}
	}
	return strings.Join(words, " ")
}

// form is what pressing a button would send, and where to.
func (s *browserPage) form(button *html.Node) (method, to string, fields url.Values) {
	s.t.Helper()
	require.NotNil(s.t, button)
	require.Equal(s.t, "button", button.Data)
	owner := button.Parent
	if id := attr(button, "form"); id != "" {
		owner = s.find("id", id)[0]
	} else {
		for owner.Data != "form" {
			owner = owner.Parent
		}
	}
	fields = url.Values{}
	for n := range s.all.Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" && attr(n, "name") != "" && (n.Parent == owner || attr(n, "form") == attr(owner, "id") && attr(owner, "id") != "") {
			fields.Add(attr(n, "name"), attr(n, "value"))
		}
	}
	if name := attr(button, "name"); name != "" {
		fields.Set(name, attr(button, "value"))
	}
	return attr(owner, "method"), attr(owner, "action"), fields
}

// press sends the form of a part's button; typed are the fields that a person fills in.
func (s *browserPage) press(part string, typed ...string) *browserPage {
	s.t.Helper()
	method, to, fields := s.form(s.part(part))
	for i := 0; i < len(typed); i += 2 {
		fields.Set(typed[i], typed[i+1])
	}
	if method == "get" {
		return open(s.t, s.r, to+"?"+fields.Encode())
	}
	require.Equal(s.t, "/v1/hosted", to)
	return s.send(fields)
}

func (s *browserPage) send(fields url.Values) *browserPage {
	s.t.Helper()
	return read(s.t, s.r, s.r.Do(s.t, apitest.Call{Path: "/v1/hosted", Form: fields, Origin: s.r.URL}))
}

// on expects one of the widget's panels.
func (s *browserPage) on(panel string) *browserPage {
	s.t.Helper()
	require.NotNil(s.t, s.part(panel), "%d %s", s.Status, textOf(s.all))
	if panel != "panel-error" {
		require.Contains(s.t, []int{http.StatusOK, http.StatusUnprocessableEntity}, s.Status)
	}
	return s
}

// back is the form that leads to the partner.
func (s *browserPage) back() (to string, fields url.Values) {
	s.t.Helper()
	forms := s.find("class", "back")
	require.Len(s.t, forms, 1)
	for n := range forms[0].Descendants() {
		if n.Type == html.ElementNode && n.Data == "button" {
			_, to, fields = s.form(n)
		}
	}
	return to, fields
}
