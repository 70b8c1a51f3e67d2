package e2e

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPersonAgreesAndThePartnerRedeems(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `subject="customer-1"`), Policy: strict + "; img-src data:; form-action 'self'"})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	require.Equal(t, ".unstarted", b.field())
	b.press("agree")
	b.state("captcha")
	require.True(t, js[bool](b, `(() => { const c = `+part("captcha")+`, d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; return new Set(d).size > 4 })()`), "the picture is on the canvas")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	token := b.field()
	require.False(t, strings.HasPrefix(token, "."))
	require.Empty(t, js[[]string](b, `violations`))
	require.Empty(t, js[string](b, `document.cookie`))
	b.do(clickContinue)
	sent := <-site.posts
	require.Equal(t, token, sent.Get("ekyc-connect-response"))

	peek := redeem(t, relay, token, url.Values{"peek": {"true"}})
	require.Equal(t, true, peek["success"], peek)
	require.NotContains(t, peek, "session_id")
	answer := redeem(t, relay, token, nil)
	require.Equal(t, true, answer["success"], answer)
	require.Equal(t, "abc12", answer["captcha"])
	require.NotEmpty(t, answer["session_id"])
	require.Equal(t, site.URL, answer["origin"])
	require.Equal(t, "customer-1", answer["consent"].(map[string]any)["subject"])
	again := redeem(t, relay, token, nil)
	require.Equal(t, []any{"already-seen-response"}, again["error-codes"])
}
