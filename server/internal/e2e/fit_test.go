package e2e

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// misfits lists what does not fit: a page that scrolls sideways, words that leave
// their control or the widget, controls that lie on each other or are smaller
// than a finger (44 px; links within a sentence may be).
const misfits = `(() => {
	const host = document.querySelector('ekyc-connect'), root = host.shadowRoot, found = [];
	const name = e => e.dataset.part || e.className || e.tagName;
	const box = host.getBoundingClientRect();
	const page = document.scrollingElement;
	if (page.scrollWidth > innerWidth) found.push('the page scrolls sideways by ' + (page.scrollWidth - innerWidth));
	const shown = [...root.querySelectorAll('*')].filter(e => e.checkVisibility() && !e.closest('svg'));
	for (const e of shown) {
		const r = e.getBoundingClientRect();
		if (!r.width || e.closest('.picture') && !e.matches('.picture') || e.tagName == 'OPTION') continue;
		if (r.left < box.left - .5 || r.right > box.right + .5) found.push(name(e) + ' leaves the widget');
		if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth && !e.matches('select, .picture, p[role]')) found.push(name(e) + ': its words leave it by ' + (e.scrollWidth - e.clientWidth));
	}
	const controls = shown.filter(e => e.matches('button, input, select, summary, a[data-part]'));
	controls.forEach((e, i) => {
		const r = e.getBoundingClientRect();
		if (r.height < 43.9 || r.width < 43.9) found.push(name(e) + ' is small: ' + r.width + '×' + r.height);
		if (!e.matches('summary')) for (const o of controls.slice(i + 1)) {
			const q = o.getBoundingClientRect();
			if (o.matches('summary')) continue;
			if (Math.min(r.right, q.right) - Math.max(r.left, q.left) > 1 && Math.min(r.bottom, q.bottom) - Math.max(r.top, q.top) > 1) found.push(name(e) + ' lies on ' + name(o));
		}
	});
	return found;
})()`

// What a person's own tools make of a page, and plain undoes. The spacing is that of
// WCAG 2.2, 1.4.12, also inside the widget.
const (
	largeLetters = `document.documentElement.style.fontSize = '200%'`
	textSpacing  = `(() => {
		globalThis.own = new CSSStyleSheet();
		own.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-block-end: 2em !important }');
		for (const root of [document, document.querySelector('ekyc-connect').shadowRoot]) root.adoptedStyleSheets.push(own);
	})()`
	plain = `(() => {
		document.documentElement.style.fontSize = '';
		for (const root of [document, document.querySelector('ekyc-connect').shadowRoot]) root.adoptedStyleSheets = [...root.adoptedStyleSheets].filter(s => s !== globalThis.own);
	})()`
)

func TestEverythingFitsWhateverTheWidthTheSizeAndTheSpacing(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for attrs, guises := range map[string][]guise{
		``: {
			{name: "280 px in all", width: 328},
			{name: "reflow: a window of 320 px, or 1280 px at 400 %", width: 320},
			{name: "480 px", width: 480},
			{name: "600 px", width: 648},
			{name: "a wide page", width: 1280},
			{name: "a window of 1280 px at 200 %", width: 640},
			{name: "letters of 200 %", width: 664, script: largeLetters},
			{name: "letters of 200 % on a phone", width: 360, script: largeLetters},
			{name: "text spacing", width: 664, script: textSpacing},
			{name: "text spacing on a phone", width: 320, script: textSpacing},
			{name: "forced colours", media: map[string]string{"forced-colors": "active"}},
		},
		`lang="ta"`: {
			{name: "reflow", width: 320},
			{name: "text spacing", width: 360, script: textSpacing},
		},
		`lang="ml"`: {{name: "reflow", width: 320}},
		`lang="ur"`: {{name: "reflow", width: 320}},
	} {
		t.Run("widget "+attrs, func(t *testing.T) {
			walk(t, relay, attrs, guises[0], func(b *tab, name string) {
				b.each(guises, func(g guise) {
					require.Empty(t, js[[]string](b, misfits), "%s, %s", name, g.name)
				})
				b.as(guises[0])
			})
		})
	}
}

func TestTheWaysOutAreThereInEveryStateWhereTheyBelong(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	var seen []string
	walk(t, relay, "", guise{}, func(b *tab, name string) {
		seen = append(seen, name)
		state := js[string](b, `EkycConnect.getState()`)
		view := name != "loading" && name != "unreachable" // nothing is painted: the partner's own words show instead
		require.Equal(t, view && state != "done", js[bool](b, `!!(`+part("alternative")+`)`), name)
		require.Equal(t, state == "captcha" || state == "answering", js[bool](b, `!!(`+part("cannot-read")+`)`), name)
	})
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(seen))), len(seen))
	require.GreaterOrEqual(t, len(seen), 16)
}

func TestTheWaysOutLeadOut(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for way, reason := range map[string]string{"cannot-read": "cannot-read", "alternative": "other-id"} {
		t.Run(way, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
			b := newTab(t)
			b.open(site.URL)
			b.press("agree")
			b.state("captcha")
			b.press(way)
			b.state("declined")
			require.Equal(t, reason, events(b, "decline")[0]["reason"])
			b.until(`document.querySelector('ekyc-connect').shadowRoot.activeElement?.dataset.part === 'heading'`)
			b.do(clickContinue)
			require.Equal(t, ".declined", (<-site.posts).Get("ekyc-connect-response"))
		})
	}
}

func TestThePictureIsEnlargedAndItsContrastRaised(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Style: true})
	b := newTab(t)
	b.open(site.URL)
	b.press("agree")
	b.state("captcha")
	require.Contains(t, js[string](b, part("captcha")+`.ariaLabel`), "to show that you are a person", "the name says what it is for, never what it shows")
	width := func() float64 { return js[float64](b, part("captcha")+`.getBoundingClientRect().width`) }
	one := width()
	for _, times := range []float64{2, 3, 1} {
		b.press("enlarge")
		require.InDelta(t, times*one, width(), 1)
		require.Equal(t, times > 1, js[bool](b, part("enlarge")+`.ariaPressed === 'true'`))
	}
	b.press("contrast")
	require.Contains(t, js[string](b, `getComputedStyle(`+part("captcha")+`).filter`), "contrast")
	require.True(t, js[bool](b, part("contrast")+`.ariaPressed === 'true'`))
	require.Equal(t, 1, js[int](b, `performance.getEntriesByType('resource').filter(r => /sessions|captchas/.test(r.name)).length`), "the same picture")
}

// A grid of a page gives its items the room that they ask for.
func TestAnEnlargedPictureStretchesNoGridOfAPage(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Style: true})
	b := newLook(t, look{"phone", 320, "light", ""})
	b.open(site.URL)
	js[any](b, `document.forms[0].style.display = 'grid', document.forms[0].style.width = '280px'`)
	b.press("agree")
	b.state("captcha")
	for range 3 {
		require.Equal(t, 280, js[int](b, `document.querySelector('ekyc-connect').offsetWidth`))
		b.press("enlarge")
	}
}
