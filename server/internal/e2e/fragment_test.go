package e2e

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// fragmentOf asks for the painted notice as a partner's back end does, and for the hash
// of its style.
func fragmentOf(t *testing.T, relay string) (markup template.HTML, style string) {
	t.Helper()
	ask := func(path string) []byte {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, relay+path, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer sk_test_pass")
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		require.Equal(t, http.StatusOK, answer.StatusCode)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return body
	}
	var pinned struct{ Style string }
	require.NoError(t, json.Unmarshal(ask("/v1/integrity.json"), &pinned))
	return template.HTML(ask("/v1/fragments?purpose=account-opening&lang=hi&required")), pinned.Style
}

// The notice can be read and nothing be pressed before any script is there; once it is,
// the person goes the same way as with any widget.
func TestAFragmentIsReadBeforeAnyScriptAndThenWorksAsAnyWidget(t *testing.T) {
	relay := startRelay(t)
	markup, style := fragmentOf(t, relay)
	policy := strict + "; style-src '" + style + "'; form-action 'self'"

	before := newPartner(t, form{Relay: relay, Markup: markup, Policy: policy, Own: true})
	b := newTab(t)
	b.open(before.URL)
	require.True(t, js[bool](b, `!!`+part("panel-notice")))
	require.True(t, js[bool](b, part("agree")+`.disabled`))
	require.True(t, js[bool](b, `!`+part("panel-captcha")))
	require.Equal(t, "flex", js[string](b, `getComputedStyle(`+part("view")+`).display`), "the policy lets its style through")
	require.Equal(t, "hi", js[string](b, part("language")+`.value`))
	require.Zero(t, js[int](b, `performance.getEntriesByType('resource').filter(r => r.name.includes('/v1/')).length`))

	site := newPartner(t, form{Relay: relay, Markup: markup, Policy: policy})
	b.open(site.URL)
	b.state("notice")
	require.Equal(t, "hi", js[string](b, part("language")+`.value`))
	b.press("agree")
	b.state("captcha")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])
	require.Empty(t, js[[]string](b, `violations.filter(v => !v.includes('favicon') && !v.startsWith('img-src'))`))
}
