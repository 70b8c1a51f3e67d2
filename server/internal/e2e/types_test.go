package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// declared is the widget's programming interface as it is written down.
func declared(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "web", "src", "ekyc-connect.d.ts"))
	require.NoError(t, err)
	return string(text)
}

// members are the names that an interface declares, sorted.
func members(t *testing.T, text, name string) (names []string) {
	t.Helper()
	_, body, ok := strings.Cut(text, "export interface "+name+" ")
	require.True(t, ok, name)
	body, _, _ = strings.Cut(body, "\n}")
	for _, m := range regexp.MustCompile(`(?m)^  (?:readonly |get )?"?([\w-]+)"?\??[(:]`).FindAllStringSubmatch(body, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

func TestWhatIsDeclaredIsThereAndNothingElseIs(t *testing.T) {
	t.Parallel()
	text := declared(t)
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	require.Equal(t, members(t, text, "EkycConnect"), js[[]string](b, `Object.keys(EkycConnect).sort()`))
	var attributes []string
	for _, p := range members(t, text, "EkycConnectParams") {
		if p != "callback" && !strings.HasSuffix(p, "Callback") {
			attributes = append(attributes, p)
		}
	}
	require.Equal(t, attributes, js[[]string](b, `[...customElements.get('ekyc-connect').observedAttributes].filter(n => n !== 'data-state').sort()`))
	require.Empty(t, js[[]string](b, `Object.keys(document.querySelector('ekyc-connect'))`), "the element has no handle on its inside")

	require.Equal(t, members(t, text, "EkycConnectElement"), js[[]string](b, `['shadowRoot', ...Object.getOwnPropertyNames(customElements.get('ekyc-connect').prototype).filter(n => !/constructor|Callback$/.test(n))].sort()`))

	// What the page's CSS may take hold of.
	parts := js[[]string](b, `[...new Set([...document.querySelector('ekyc-connect').shadowRoot.querySelectorAll('[part]')].map(e => e.getAttribute('part')))]`)
	_, list, _ := strings.Cut(text, "Parts, for ::part():")
	list, _, _ = strings.Cut(list, "*/")
	for _, part := range parts {
		require.Regexp(t, `\b`+part+`\b`, list, "a part that is not declared")
	}
	for _, part := range regexp.MustCompile(`[\w-]+`).FindAllString(list, -1) {
		require.Contains(t, parts, part, "declared, and not there")
	}
	css, err := os.ReadFile(filepath.Join("..", "..", "..", "web", "src", "ekyc-connect.css"))
	require.NoError(t, err)
	variable := regexp.MustCompile(`--ekyc-[\w-]*\w`)
	used, told := variable.FindAllString(string(css), -1), variable.FindAllString(text, -1)
	slices.Sort(used)
	slices.Sort(told)
	require.Equal(t, slices.Compact(told), slices.Compact(used))

	// The events of a journey, and their details.
	b.finish()
	js[any](b, `EkycConnect.reset(), 0`)
	b.state("notice")
	b.press("decline")
	b.state("declined")
	names := members(t, text, "EkycConnectEventMap")
	for event, detail := range map[string]string{"state": "EkycConnectStateChange", "consent": "EkycConnectConsent", "token": "EkycConnectToken", "decline": "EkycConnectDecline"} {
		require.Contains(t, names, "ekyc-"+event)
		got := events(b, event)
		require.NotEmpty(t, got, event)
		for key := range got[0] {
			require.Contains(t, append(members(t, text, detail), "type"), key, event)
		}
	}
}

func TestAPartnersStrictTypeScriptCompiles(t *testing.T) {
	t.Parallel()
	tsc := exec.CommandContext(t.Context(), filepath.Join("node", "node_modules", ".bin", "tsc"),
		"--strict", "--noEmit", "--exactOptionalPropertyTypes", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler",
		"--lib", "dom,es2022", "--types", "", filepath.Join("testdata", "sample.ts"))
	out, err := tsc.CombinedOutput()
	require.NoError(t, err, string(out))
}
