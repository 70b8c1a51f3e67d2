//go:build engines

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/e2e/engine"
)

// reader is a browser on a desktop with a screen reader.
type reader struct {
	other
	desk *engine.Desktop
	said func(step string, words []string)
}

// passing is what is said or not, as the reader is quick: its keys and modes, a heading
// that the focus passes, and a status that is over at once. Where a step is held back,
// its status is said for sure.
var (
	passing = regexp.MustCompile(`^(return|tab|Focus mode|Browse mode|Identity check with Aadhaar.*|A new picture is coming\.|Your .* is being saved\..*)$`)
	held    = []string{"starting", "answering"}
)

// hears gives what is said until it is quiet again.
func (r reader) hears() []string {
	r.t.Helper()
	words, err := r.desk.Hear(r.ctx)
	require.NoError(r.t, err)
	return words
}

// says notes what is said of what has just happened.
func (r reader) says(step string) {
	r.t.Helper()
	r.said(step, slices.DeleteFunc(r.hears(), func(words string) bool {
		return passing.MatchString(words) && (!slices.Contains(held, step) || !strings.HasPrefix(words, "Your "))
	}))
}

// on moves the focus to a part by a script, where it does not matter how it came there.
func (r reader) on(name string) {
	r.t.Helper()
	require.Equal(r.t, "undefined", r.text(part(name)+`.focus()`))
	r.until(at(name))
	r.hears()
}

// comesTo comes to a part by Tab, as a person does.
func (r reader) comesTo(name string) {
	r.t.Helper()
	require.Equal(r.t, "undefined", r.text(part(name)+`.focus()`))
	r.until(at(name))
	r.keys("shift+Tab")
	r.until(`!(` + at(name) + `)`)
	r.hears()
	r.keys("Tab")
	r.until(at(name))
}

// at is true while a part has the focus.
func at(name string) string {
	return `document.querySelector('ekyc-connect').shadowRoot.activeElement === ` + part(name)
}

func (r reader) keys(key string) {
	r.t.Helper()
	require.NoError(r.t, r.desk.Press(r.ctx, key))
}

func (r reader) presses(name string) {
	r.t.Helper()
	r.on(name)
	r.keys("Return")
}

// sends types letters into the field and sends them. In browse mode the reader takes
// letters for commands of its own.
func (r reader) sends(letters string) {
	r.t.Helper()
	r.comesTo("answer")
	r.hears()
	for mode := ""; !strings.Contains(mode, "Focus mode"); {
		r.keys("Insert+a")
		mode = strings.Join(r.hears(), " ")
	}
	require.NoError(r.t, r.desk.Type(r.ctx, letters))
	r.until(part("answer") + `.value === "` + letters + `"`)
	r.hears()
	r.keys("Return")
}

func (r reader) opens(relay, sitekey string) {
	r.t.Helper()
	site := newPartner(r.t, form{Relay: relay, Own: true, Markup: template.HTML(`<script>`+movableClock+`</script><script src="`+relay+`/v1/ekyc-connect.js"></script>`) + widget(sitekey, "")})
	require.NoError(r.t, r.Open(r.ctx, site.URL))
	r.state("notice")
	require.Equal(r.t, "undefined", r.text(`EkycConnect.ready()`))
	r.hears()
}

// aloud is the way through the widget, with what is said at each step.
func (r reader) aloud(relay string) {
	r.t.Helper()
	answers := newGate(r.t, relay, func(q *http.Request) bool { return strings.HasSuffix(q.URL.Path, "/v1/answers") })
	sessions := newGate(r.t, answers.URL, isSession)
	r.opens(sessions.URL, "pk_test_pass")
	r.comesTo("agree")
	r.says("notice: at the button")
	r.keys("Return")
	r.state("starting")
	r.says("starting")
	sessions.open()
	r.state("captcha")
	r.says("captcha")
	r.presses("reload")
	r.says("captcha: another picture")
	r.comesTo("answer")
	r.says("captcha: at the field")
	r.keys("Return")
	r.says("captcha: no letters")
	r.sends("234123412346")
	r.says("captcha: an Aadhaar number")
	r.sends("abc12")
	r.state("answering")
	r.says("answering")
	answers.open()
	r.state("done")
	r.says("done")
	require.Equal(r.t, "again", r.text(`EkycConnect.retry().then(() => 'again')`))
	r.state("captcha")
	r.says("captcha: the letters were refused")
	require.Equal(r.t, "0", r.text(`(`+hourLater+`)`))
	r.state("expired")
	r.says("expired")

	way := newRoad(r.t, relay)
	r.opens(way.URL, "pk_test_pass")
	way.refuse("/v1/sessions", 503, "vendor_busy", 55)
	r.presses("agree")
	r.state("waiting")
	r.says("waiting")

	r.opens(relay, "pk_test_down")
	r.presses("agree")
	r.state("error")
	r.says("error: the vendor is down")

	way.open("/v1/sessions")
	r.opens(way.URL, "pk_test_pass")
	way.hold("/v1/sessions")()
	r.presses("agree")
	r.state("error")
	r.says("error: no network")

	r.opens(relay, "pk_test_pass")
	r.presses("decline")
	r.state("declined")
	r.says("declined")
}

// What the screen reader Orca says at each step, word for word. Whoever changes what the widget says looks at the difference, and
// takes it over by UPDATE=1.
func TestWhatAScreenReaderSays(t *testing.T) {
	speech := filepath.Join(t.TempDir(), "speech")
	out, err := exec.Command("go", "build", "-o", speech, "./engine/speech").CombinedOutput()
	require.NoError(t, err, string(out))
	program, err := chromiumPath()
	require.NoError(t, err)
	relay := startRelay(t)
	var steps []string
	said := map[string]string{} // by step, a line for each browser
	for _, b := range []struct {
		name  string
		begin func(context.Context, *engine.Desktop) (engine.Browser, error)
	}{
		{"firefox", engine.FirefoxOn},
		{"chromium", func(ctx context.Context, on *engine.Desktop) (engine.Browser, error) {
			return engine.ChromeOn(ctx, on, "chromium", program)
		}},
	} {
		t.Run(b.name, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
			defer stop()
			desk, err := engine.NewDesktop(ctx, speech)
			require.NoError(t, err)
			defer desk.Close()
			browser, err := b.begin(ctx, desk)
			require.NoError(t, err)
			defer browser.Close()
			reader{other{browser, t, ctx}, desk, func(step string, words []string) {
				if !slices.Contains(steps, step) {
					steps = append(steps, step)
				}
				said[step] += fmt.Sprintf("%9s: %s\n", b.name, cmp.Or(strings.Join(words, " | "), "(nothing)"))
			}}.aloud(relay)
		})
	}
	var table strings.Builder
	for _, step := range steps {
		fmt.Fprintf(&table, "%s\n%s\n", step, said[step])
	}
	const golden = "testdata/spoken.txt"
	if os.Getenv("UPDATE") != "" && !t.Failed() {
		require.NoError(t, os.WriteFile(golden, []byte(table.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), table.String())
}
