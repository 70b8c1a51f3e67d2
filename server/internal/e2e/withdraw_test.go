package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPersonWithdrawsOnTheReceiptInOnePress(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Policy: strict + "; img-src data:; form-action 'self'"})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	b.press("agree")
	b.state("captcha")
	b.answer("abc12")
	b.press("submit")
	b.state("done")
	token := b.field()
	receipt := js[string](b, part("receipt")+`.href`)
	require.Equal(t, receipt, js[string](b, part("withdraw")+`.href`))
	require.Equal(t, receipt, js[string](b, `seen.find(e => e.type === 'consent').receiptUrl`))

	page := newTab(t)
	page.open(receipt)
	page.until(`document.querySelector('h1')?.textContent === 'You agreed'`)
	require.Zero(t, js[int](page, `document.scripts.length`))
	page.withdraw()
	require.Equal(t, "You have withdrawn this consent", js[string](page, `document.querySelector('h1').textContent`))
	require.Equal(t, receipt, js[string](page, `location.href`))
	require.Zero(t, js[int](page, `document.querySelectorAll('button').length`))
	require.Empty(t, js[[]string](page, `violations.filter(v => !v.includes('favicon'))`))
	require.Equal(t, []any{"consent-withdrawn"}, redeem(t, relay, token, nil)["error-codes"])
}
