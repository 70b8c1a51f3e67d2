package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// openNotice shows all of the notice, as a person does who presses its summary.
func (b *tab) openNotice() {
	b.t.Helper()
	js[any](b, part("notice")+`.querySelector('details').open = true, 0`)
}

// placeRule is the rule by which a page keeps the widget's place, as the documents have it.
func placeRule(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/widget.md")
	require.NoError(t, err)
	rule := regexp.MustCompile("(?s)```css\n(ekyc-connect:not\\(:defined\\).*?)```").FindSubmatch(text)
	require.Len(t, rule, 2, "docs/widget.md shows the rule")
	return string(rule[1])
}

// seen tells of what a person sees before anything is opened: where it ends, in px from
// the widget's top; 0 if it is not to be seen.
const seen = `(() => {
	const host = document.querySelector('ekyc-connect'), box = host.getBoundingClientRect(), root = host.shadowRoot;
	const notice = root.querySelector('[data-part=notice]');
	const end = e => {
		const r = e.getBoundingClientRect();
		return e.checkVisibility() && r.width && r.left >= box.left && r.right <= box.right ? Math.ceil(r.bottom - box.top) : 0;
	};
	return {
		Lead: end(notice.children[0]), Purpose: end(notice.children[1]),
		Items: [...notice.querySelectorAll(':scope > ul > li')].map(end),
		More: end(notice.querySelector('summary')),
		Choice: ['decline', 'agree'].map(name => end(root.querySelector('[data-part=' + name + ']'))),
		Height: Math.ceil(box.height),
	};
})()`

// boxes are what scrolls within the widget.
const boxes = `[...document.querySelector('ekyc-connect').shadowRoot.querySelectorAll('*')].filter(e => e.checkVisibility() && e.scrollHeight > e.clientHeight &&
	/auto|scroll/.test(getComputedStyle(e).overflowY)).map(e => e.outerHTML.slice(0, 80))`

func TestTheFirstViewSaysWhoAsksForWhatAndThatMoreFollows(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	b := newTab(t)
	t.Log("px from the widget's top: lead, purpose, last item, more, choice")
	for _, row := range []struct {
		lang        string
		width       int64
		essence, in int // px: the summary ends in the first, the choice in the second
	}{
		{"en", 320, 544, 544}, {"en", 360, 544, 544}, {"en", 412, 544, 544}, {"en", 768, 544, 544},
		{"hi", 320, 544, 544}, {"hi", 360, 544, 544},
		{"ur", 360, 544, 544}, {"sat", 360, 544, 592},
		{"ta", 360, 592, 704}, {"ta", 412, 592, 704}, {"ml", 320, 592, 704}, {"ml", 412, 592, 704}, {"ml", 768, 544, 544},
	} {
		b.look(look{"phone", row.width, "light", ""})
		b.open(newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `lang="`+row.lang+`"`), Style: true}).URL)
		b.state("notice")
		name := fmt.Sprintf("%s at %d px", row.lang, row.width)
		at := js[struct {
			Lead, Purpose, More, Height int
			Items, Choice               []int
		}](b, seen)
		require.Len(t, at.Items, 7, name)
		last := 0
		for _, px := range append([]int{at.Lead, at.Purpose}, append(at.Items, at.More)...) {
			require.NotZero(t, px, name)
			require.GreaterOrEqual(t, px, last, name)
			last = px
		}
		t.Logf("%s: %d, %d, %d, %d, %d; the widget %d", name, at.Lead, at.Purpose, at.Items[6], at.More, at.Choice[1], at.Height)
		require.LessOrEqual(t, at.More, row.essence, name)
		require.Equal(t, at.Choice[0] == 0, at.Choice[1] == 0, name)
		for _, px := range at.Choice {
			require.Greater(t, px, at.More, name)
			require.LessOrEqual(t, px, row.in, name)
		}

		require.Empty(t, js[[]string](b, boxes), name)
		b.click(part("notice")+`.querySelector('summary')`, 1)
		b.until(part("notice") + `.querySelector('details').open`)
		require.Empty(t, js[[]string](b, boxes), "%s, opened", name)
		require.True(t, js[bool](b, `[...`+part("notice")+`.querySelectorAll('details *')].every(e => e.checkVisibility() && !e.closest('[aria-hidden]'))`), name)
	}
}

// A word that is broken is hard to read, and on a button it is a dark pattern's beginning.
const brokenWords = `(() => {
	const broken = [];
	for (const e of document.querySelector('ekyc-connect').shadowRoot.querySelectorAll('button, h2, summary, [data-part=alternative]')) {
		const texts = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
		for (let n; e.checkVisibility() && (n = texts.nextNode()); ) for (const m of n.data.matchAll(/[^\s-]+/g)) {
			const word = document.createRange();
			word.setStart(n, m.index), word.setEnd(n, m.index + m[0].length);
			const tops = [...word.getClientRects()].map(r => r.top);
			if (Math.max(...tops) - Math.min(...tops) > 12) broken.push(m[0]);
		}
	}
	return broken;
})()`

func TestPaperShowsTheWholeNotice(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	b := newLook(t, look{"paper", 768, "light", ""})
	b.open(newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Style: true}).URL)
	b.state("notice")
	const hidden = `[...document.querySelector('ekyc-connect').shadowRoot.querySelectorAll('details *')].filter(e => !e.checkVisibility() || !e.getBoundingClientRect().height).length`
	require.Greater(t, js[int](b, hidden), 20)
	b.do(emulation.SetEmulatedMedia().WithMedia("print"))
	require.Zero(t, js[int](b, hidden))
}

// Where its own font has no Tamil, a system may choose one of another script.
func TestTamilIsShownInAFontThatHasItsLetters(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	b := newLook(t, look{"phone", 360, "light", ""})
	b.open(newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `lang="ta"`), Style: true}).URL)
	b.state("notice")
	b.do(chromedp.ActionFunc(func(ctx context.Context) error {
		item, _, err := runtime.Evaluate(part("notice") + `.querySelector('li')`).Do(ctx)
		if err != nil {
			return err
		}
		if err := errors.Join(dom.Enable().Do(ctx), css.Enable().Do(ctx)); err != nil {
			return err
		}
		if _, err := dom.GetDocument().Do(ctx); err != nil {
			return err
		}
		node, err := dom.RequestNode(item.ObjectID).Do(ctx)
		if err != nil {
			return err
		}
		fonts, err := css.GetPlatformFontsForNode(node).Do(ctx)
		names := ""
		for _, font := range fonts { // one more for the list's mark
			names += font.FamilyName + "\n"
		}
		require.Contains(t, names, "Tamil")
		return err
	}))
}
