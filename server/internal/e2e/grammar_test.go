package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// painter lets a test append a node of its own to the relay's view: paints(node)
// says "painted", or the code of the widget's error.
const painter = `
{
	const plain = fetch;
	let view;
	globalThis.extra = null;
	globalThis.fetch = async (url, init) => {
		if (!String(url).includes('/v1/view?')) return plain(url, init);
		view ||= await (await plain(url, init)).json();
		return Response.json({...view, view: [...view.view, extra]});
	};
	globalThis.paints = node => new Promise(done => {
		extra = node;
		const w = document.createElement('ekyc-connect');
		for (const [name, value] of Object.entries({sitekey: 'pk_test_pass', purpose: 'account-opening', loading: 'eager', mode: 'hosted'})) w.setAttribute(name, value);
		w.addEventListener('ekyc-state', e => e.detail.state === 'notice' && done('painted'));
		w.addEventListener('ekyc-error', e => done(String(e.detail.code)));
		document.forms[0].replaceChildren(w);
	});
}
`

// painted is what paints says of each node, which is JSON.
func painted(t *testing.T, nodes []string) (said []string) {
	t.Helper()
	site := newPartner(t, form{Relay: startRelay(t)})
	b := newTab(t)
	b.do(onNewDocument(painter))
	b.open(site.URL)
	b.until(`!!globalThis.EkycConnect`)
	said = js[[]string](b, `(async () => { const said = []; for (const node of [`+strings.Join(nodes, ",")+`]) said.push(await paints(node)); return said })()`)
	require.Len(t, said, len(nodes))
	require.Empty(t, b.errors)
	return said
}

func node(t *testing.T, tag string, attributes ...string) string {
	t.Helper()
	given := map[string]string{}
	for i := 0; i < len(attributes); i += 2 {
		given[attributes[i]] = attributes[i+1]
	}
	text, err := json.Marshal([]any{tag, given, "text"})
	require.NoError(t, err)
	return string(text)
}

const (
	allowedTags = `div section header footer h2 h3 p ul ol li dl dt dd span strong em bdi a button form label input select option output canvas details summary fieldset legend svg path`

	// Every other element of the HTML standard's index, obsolete and unknown ones, and
	// what SVG and MathML have that can run, load or animate.
	otherTags = `abbr address area article aside audio b base blockquote body br caption cite code col colgroup data datalist del dfn dialog
		embed figcaption figure h1 h4 h5 h6 head hgroup hr html i iframe img ins kbd link main map mark menu meta meter nav noscript object
		optgroup picture pre progress q rp rt ruby s samp script search selectedcontent slot small source style sub sup table tbody td template textarea tfoot th
		thead time title tr track u var video wbr applet basefont bgsound center dir font frame frameset marquee param plaintext xmp portal
		fencedframe x-y ekyc-connect animate set use image foreignObject math DIV Script constructor`
)

func TestTheLoaderPaintsTheListedTagsAndNoOther(t *testing.T) {
	t.Parallel()
	var nodes, want []string
	for tag := range strings.FieldsSeq(allowedTags) {
		nodes, want = append(nodes, node(t, tag)), append(want, "painted "+tag)
	}
	for tag := range strings.FieldsSeq(otherTags) {
		nodes, want = append(nodes, node(t, tag)), append(want, "asset_integrity "+tag)
	}
	got := painted(t, nodes)
	for i := range got {
		_, tag, _ := strings.Cut(want[i], " ")
		got[i] += " " + tag
	}
	require.Equal(t, want, got)
}

func TestTheLoaderSetsNoAttributeThatRunsLoadsOrLeadsElsewhere(t *testing.T) {
	t.Parallel()
	var nodes, want []string
	for _, name := range strings.Fields(`onclick onCLICK onfocus onpointerdown on onanything style STYLE src Src srcdoc srcset action formaction FORMACTION`) {
		nodes, want = append(nodes, node(t, "button", name, "x")), append(want, "asset_integrity "+name)
	}
	for _, href := range []string{
		"javascript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "blob:https://a/b", "vbscript:x", "file:///etc",
		"/path", "//host.example/", "path", "", "http://host.example/", "http://localhost.example/", "http://localhost@host.example/", "http://127.0.0.1.example/", "intent:x", "ftp://host.example/",
	} {
		for _, name := range []string{"href", "HREF", "xlink:href"} {
			nodes, want = append(nodes, node(t, "a", name, href)), append(want, "asset_integrity "+name+"="+href)
		}
	}
	for _, href := range []string{"https://host.example/a", "mailto:a@host.example", "tel:+911234", "http://localhost/", "http://localhost:8080/a", "http://127.0.0.1:1/", "http://[::1]/"} {
		nodes, want = append(nodes, node(t, "a", "href", href)), append(want, "painted href="+href)
	}
	for _, name := range strings.Fields(`class data-part data-source aria-label role lang dir hidden tabindex target`) {
		nodes, want = append(nodes, node(t, "p", name, "x")), append(want, "painted "+name)
	}
	got := painted(t, nodes)
	for i := range got {
		_, what, _ := strings.Cut(want[i], " ")
		got[i] += " " + what
	}
	require.Equal(t, want, got)
}

// A node is a text, or an array of tag, attributes and nodes. The attributes are
// always there, and texts.
func TestTheLoaderPaintsNothingThatIsNotOfTheViewsGrammar(t *testing.T) {
	t.Parallel()
	bad := []string{
		`["p","x"]`, `["p"]`, `["p",null]`, `["p",[]]`, `["p",["x"]]`, `["p",7,"x"]`, `["p",true]`, `[]`, `{}`, `{"0":"p","1":{}}`, `null`, `7`, `true`, `[["p"],{}]`, `[{},{}]`,
		`["p",{"tabindex":1},"x"]`, `["p",{"hidden":true}]`, `["p",{"hidden":null}]`, `["p",{"class":["x"]}]`, `["p",{"class":{}}]`,
		`["p",{"a b":"x"}]`, `["p",{"":"x"}]`, `["p",{"a>":"x"}]`, `["p",{"=":"x"}]`, `["p",{"a/b":"x"}]`,
		`["p",{},7]`, `["p",{},null]`, `["p",{},true]`, `["p",{},{}]`, `["p",{},[]]`, `["p",{},["x"]]`, `["p",{},["em","x"]]`, `["p",{},"x",["em",{},["x"]]]`,
	}
	good := []string{`"x"`, `""`, `["p",{}]`, `["p",{},"x"]`, `["p",{"tabindex":"1"},"x",["em",{},"y"],"z"]`}
	got := painted(t, append(bad, good...))
	for i, node := range bad {
		require.Equal(t, "asset_integrity", got[i], node)
	}
	for i, node := range good {
		require.Equal(t, "painted", got[len(bad)+i], node)
	}
}
