package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// stoppedClock lets no second pass but those that the test asks for. A Go program takes
// no clock that says 0.
const stoppedClock = `{
	let now = Date.now();
	Date.now = () => now;
	performance.now = () => 1;
	globalThis.second = () => { now += 1000; ` + woken + ` };
}`

// twice(name, state) presses a button, by script. Whenever the widget's state changes then,
// and at the end, it looks at each part of what the button covered, and tells what another
// press there would meet in the widget that acts, unless it is the button itself.
const twice = `globalThis.twice = (name, state) => new Promise(done => {
	const root = document.querySelector('ekyc-connect').shadowRoot;
	const button = [...root.querySelectorAll('[data-part=' + name + ']')].find(e => e.checkVisibility());
	button.scrollIntoView({block: 'center'});
	const {x, y, width, height} = button.getBoundingClientRect(), parts = [.04, .25, .5, .75, .96];
	const was = EkycConnect.getState(), found = new Set();
	const look = () => {
		for (const i of parts) for (const j of parts) {
			const at = root.elementFromPoint(x + width * i, y + height * j)?.closest('button, a, select, summary');
			if (root.contains(at) && at != button && at.ariaDisabled != 'true') found.add(name + ' in ' + was + ', then in ' + EkycConnect.getState() + ' ' + (at.dataset.part || at.tagName));
		}
	};
	const changed = e => {
		look();
		if (e && e.detail.state != state) return;
		document.removeEventListener('ekyc-state', changed);
		setTimeout(() => (look(), second(), done([...found])));
	};
	document.addEventListener('ekyc-state', changed);
	button.click();
	if (!state) changed();
})`

// allTwice presses every button of the widget twice, from the picture on to the notice.
const allTwice = `(async () => {
	const found = [], press = async (...how) => found.push(...await twice(...how));
	second();
	for (const name of ['reload', 'enlarge', 'enlarge', 'enlarge', 'contrast', 'submit']) await press(name);
	await press('cannot-read', 'declined');
	await press('retry', 'notice');
	await press('decline', 'declined');
	await press('alternative');
	await press('retry', 'notice');
	await press('alternative', 'declined');
	EkycConnect.reset();
	await press('agree', 'captcha');
	EkycConnect.reset();
	seen.length = 0;
	return found;
})()`

// A finger that is not sure of itself presses twice. Wherever on a button it was, it does
// not meet another one the second time.
func TestNoSecondPressMeetsAnotherButtonInAnyLanguage(t *testing.T) {
	t.Parallel()
	onPhones(t, "pk_test_pass", stoppedClock+twice, func(b *tab) {
		for n, lang := range languages {
			js[any](b, `EkycConnect.setLanguage('`+lang+`')`)
			b.tapTwice("agree", []float64{0.1, 0.5, 0.9}[n%3], []float64{0.2, 0.5, 0.85}[n/3%3])
			b.state("captcha")
			require.Len(b.t, events(b, "consent"), 1, "%s: one consent", lang)
			require.Empty(b.t, events(b, "decline"), lang)
			require.Empty(b.t, js[[]string](b, allTwice), lang)
		}
	})
}
