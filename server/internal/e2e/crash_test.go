package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// crashable lets a test end the wasm as a fatal error of Go does (run a second
// time, an instance dies, and tells the glue), or as an overflowing stack does.
const crashable = `{
	const instantiate = WebAssembly.instantiate;
	globalThis.instances = 0;
	globalThis.crash = '';
	WebAssembly.instantiate = async (...given) => {
		instances++;
		const {exports} = await instantiate(...given);
		return {exports: {...exports, mem: exports.mem, resume() {
			const how = crash;
			crash = '';
			if (how == 'fatal') exports.run(0, 4096);
			else if (how) throw new RangeError('Maximum call stack size exceeded');
			else exports.resume();
		}}};
	};
}`

func TestACrashIsMendedOnceAndThenSaid(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "") + widget("pk_test_pass", `mode="hosted" name="two" loading="eager"`)})
	b := newTab(t)
	b.do(onNewDocument(crashable))
	b.open(site.URL)
	b.until(`!!` + part("retry", 1))
	elsewhere := b.popup(func() { b.press("retry", 1) })
	b.press("agree")
	b.state("captcha")
	b.still("reload")
	js[any](b, `crash = 'fatal'`)
	b.press("reload")
	b.state("notice")
	require.Equal(t, ".unstarted", b.field())
	b.press("agree")
	b.state("captcha")
	require.Equal(t, 2, js[int](b, `instances`), "a fresh one")
	require.Empty(t, events(b, "degraded"))

	b.still("reload")
	js[any](b, `crash = 'overflow'`)
	b.press("reload")
	b.until(`seen.some(e => e.type === 'degraded')`)
	require.Equal(t, "wasm_unavailable", events(b, "degraded")[0]["reason"])
	require.Equal(t, 2, js[int](b, `instances`), "no third")
	require.Equal(t, ".error", b.field())

	require.Len(t, events(b, "degraded"), 1)
	require.Equal(t, "Continue on a separate page", js[string](b, part("retry")+`.textContent`))
	b.popup(func() { b.press("retry") }).through("abc12")
	b.state("done")
	require.Equal(t, true, redeem(t, relay, b.field(), nil)["success"])

	elsewhere.through("abc12") // what has no part in it lost nothing by it
	b.state("done", 1)
}

func TestACrashTakesNoTokenAway(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", `name="one"`) + widget("pk_test_pass", `name="two" loading="eager"`)})
	b := newTab(t)
	b.do(onNewDocument(crashable))
	b.open(site.URL)
	b.state("notice", 1)
	b.finish(0)
	token := js[string](b, `EkycConnect.getResponse()`)
	b.press("agree", 1)
	b.state("captcha", 1)
	b.still("reload", 1)
	js[any](b, `crash = 'fatal'`)
	b.press("reload", 1)
	b.state("notice", 1)
	require.Equal(t, token, js[string](b, `new FormData(document.forms[0]).get('one')`))
	b.finish(1)
	b.do(clickContinue)
	sent := <-site.posts
	for _, name := range []string{"one", "two"} {
		require.Equal(t, true, redeem(t, relay, sent.Get(name), nil)["success"])
	}
}
