package demo

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"
)

func TestEverySnippetIsShownOnceAndHoldsNoSecret(t *testing.T) {
	p := newPartner(t)
	_, body := p.get(t, "/?lang=hi")
	for _, list := range [][][2]string{pageSnippets, backEndSnippets} {
		for _, s := range list {
			require.Contains(t, body, `<summary>`+s[1]+`</summary>`)
		}
	}
	require.Contains(t, body, `&lt;ekyc-connect sitekey=&#34;pk_test_pass&#34;`, "code is shown as text")
	require.NotContains(t, body, "{{")
	require.NotContains(t, body, "sk_test")
	require.NotContains(t, body, "&amp;lt;")
	all, err := parseSnippets()
	require.NoError(t, err)
	require.Len(t, all.Templates(), len(pageSnippets)+len(backEndSnippets), "none is forgotten")
	_, body = p.get(t, "/demo/account")
	require.NotContains(t, body, "snippet-")
}

func TestAPageWithoutItsCodeIsAnErrorAndNoHalfPage(t *testing.T) {
	var log bytes.Buffer
	d := &demo{
		Options: Options{Relay: func() string { return "http://localhost:8080" }, Log: slog.New(slog.NewTextHandler(&log, nil))},
		code:    template.New("of no name"),
	}
	w := httptest.NewRecorder()
	d.form(".", playground)(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.NotContains(t, w.Body.String(), "<html")
	require.Contains(t, log.String(), "page.html.txt")
}
