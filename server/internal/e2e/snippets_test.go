package e2e

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// snippet is what a newcomer copies from the playground.
func snippet(t *testing.T, relay, choices, id string) string {
	t.Helper()
	response, err := http.Get(relay + "/" + choices)
	require.NoError(t, err)
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	m := regexp.MustCompile(`(?s)<pre id="snippet-` + id + `"[^>]*>(.*?)</pre>`).FindSubmatch(page)
	require.NotNil(t, m, id)
	return html.UnescapeString(string(m[1]))
}

// What the tests add to a snippet, to go the whole way with it: the token, and what the person types, are in the environment;
// a site's keys are used once, so each driver has its own.
const (
	driveGo = `package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"partner/ekyc"
)

func main() {
	ctx := context.Background()
	_, err := ekyc.Redeem(ctx, ".declined", "application-0")
	fmt.Println(err)
	handle, err := ekyc.Redeem(ctx, os.Getenv("TOKEN"), "application-1")
	if err != nil {
		panic(err)
	}
	_, err = ekyc.SendOTP(ctx, handle, "200000000013", os.Getenv("KEY")+"-press-1")
	problem, ok := errors.AsType[*ekyc.Problem](err)
	fmt.Println(ok, problem.Code, problem.Vendor.Message != "", problem.Retry != "")
	if handle, err = ekyc.SendOTP(ctx, handle, os.Getenv("NUMBER"), os.Getenv("KEY")+"-press-2"); err != nil {
		panic(err)
	}
	person, err := ekyc.CheckOTP(ctx, handle, os.Getenv("OTP"), os.Getenv("KEY")+"-press-3")
	fmt.Println(string(person), err)
}
`
	driveNode = `
import { redeem, sendOtp, checkOtp } from './snippet.mjs';
const { TOKEN, NUMBER, OTP, KEY } = process.env;
await redeem('.declined', 'application-0').catch((error) => console.log(error.message));
const handle = await redeem(TOKEN, 'application-1');
await sendOtp(handle, '200000000013', KEY + '-press-1').catch((error) => console.log(error.code, !!error.vendor.message, !!error.retry));
console.log(JSON.stringify(await checkOtp(await sendOtp(handle, NUMBER, KEY + '-press-2'), OTP, KEY + '-press-3')));
`
	drivePython = `

if __name__ == "__main__":
    try:
        redeem(".declined", "application-0")
    except Problem as problem:
        print(problem)
    handle = redeem(os.environ["TOKEN"], "application-1")
    try:
        send_otp(handle, "200000000013", os.environ["KEY"] + "-press-1")
    except Problem as problem:
        print(problem, bool(problem.answer["vendor"]["message"]), bool(problem.answer["retry"]))
    print(json.dumps(check_otp(send_otp(handle, os.environ["NUMBER"], os.environ["KEY"] + "-press-2"), os.environ["OTP"], os.environ["KEY"] + "-press-3")))
`
	drivePHP = `
try {
    redeem('.declined', 'application-0');
} catch (Problem $problem) {
    echo $problem->getMessage(), "\n";
}
$handle = redeem(getenv('TOKEN'), 'application-1');
try {
    send_otp($handle, '200000000013', getenv('KEY') . '-press-1');
} catch (Problem $problem) {
    echo $problem->getMessage(), ' ', $problem->answer['vendor']['message'] !== '', ' ', $problem->answer['retry'] !== '', "\n";
}
echo json_encode(check_otp(send_otp($handle, getenv('NUMBER'), getenv('KEY') . '-press-2'), getenv('OTP'), getenv('KEY') . '-press-3')), "\n";
`
)

func TestTheBackEndsOfThePlaygroundGoFromTheTokenToThePerson(t *testing.T) {
	t.Parallel()
	relay := ownRelay(t)
	dir := project(t)
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	write("snippet.sh", snippet(t, relay, "", "curl"))
	write("go.mod", "module partner\n\ngo 1.26\n")
	write("ekyc/ekyc.go", snippet(t, relay, "", "go"))
	write("main.go", driveGo)
	write("snippet.mjs", snippet(t, relay, "", "node"))
	write("drive.mjs", driveNode)
	write("snippet.py", snippet(t, relay, "", "python")+drivePython)
	write("snippet.php", snippet(t, relay, "", "php")+drivePHP)
	for _, run := range [][]string{{"sh", "snippet.sh"}, {"go", "run", "."}, {"node", "drive.mjs"}, {"python3", "snippet.py"}, {"php", "snippet.php"}} {
		t.Run(run[0], func(t *testing.T) {
			// Go, Node and curl are there wherever the tests run.
			if _, err := exec.LookPath(run[0]); err != nil && (run[0] == "php" || run[0] == "python3") {
				t.Logf("%s is not installed: its code is not run", run[0])
				return
			}
			cmd := exec.CommandContext(t.Context(), run[0], run[1:]...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "EKYC_SECRET=sk_test_pass", "TOKEN="+agreed(t, relay, "pk_test_pass"), "NUMBER=200000000097", "OTP=123456", "KEY="+run[0])
			var told bytes.Buffer
			cmd.Stderr = &told
			out, err := cmd.Output()
			require.NoError(t, err, told.String())
			require.Contains(t, string(out), `"maskedNumber"`)
			if run[0] != "sh" {
				require.Contains(t, string(out), "not-a-token")
				require.Contains(t, string(out), "vendor_refused")
			}
		})
	}
}

func TestThePagesOfThePlaygroundShowTheWidgetAsChosen(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	const choices = "?lang=hi&theme=dark&sitekey=pk_test_slow"
	source := strings.ReplaceAll(snippet(t, relay, choices, "react"), "export function", "function") + `
import { createRoot } from 'react-dom/client';
globalThis.told = [];
createRoot(document.getElementById('app')).render(<Identity onToken={(token) => told.push(token)} onDecline={(reason) => told.push(reason)} />);
`
	files := map[string]string{"/page.html": snippet(t, relay, choices, "page"), "/react.js": bundled(t, source), "/vue.js": vue(t, snippet(t, relay, choices, "vue"))}
	for _, page := range []string{"/react", "/vue"} {
		files[page] = `<!doctype html><link rel="icon" href="data:,"><form><div id="app"></div></form><script src="` + page + `.js"></script>`
	}
	site := newPartner(t, form{Relay: relay, Files: files})
	for _, page := range []string{"/page.html", "/react", "/vue"} {
		t.Run(page, func(t *testing.T) {
			b := newTab(t)
			b.open(site.URL + page)
			b.state("notice")
			require.Equal(t, "pk_test_slow hi dark true", js[string](b, `(e => ['sitekey', 'lang', 'theme'].map(n => e.getAttribute(n)).join(' ') + ' ' + e.hasAttribute('required'))(document.querySelector('ekyc-connect'))`))
			views := 0
			for _, request := range b.requests {
				if strings.Contains(request, "/v1/view?") {
					views++
				}
			}
			require.Equal(t, 1, views, "a line that has the notice fetched ahead is used")
			b.press("decline")
			b.state("declined")
			if page != "/page.html" {
				b.until(`told[0] === 'declined'`)
			}
			require.Empty(t, b.errors)
		})
	}
}

// vue is a script for the browser, made of a component of one file.
func vue(t *testing.T, component string) string {
	t.Helper()
	dir := project(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "snippet.vue"), []byte(component), 0o644))
	compile := exec.CommandContext(t.Context(), "node", "sfc.mjs")
	compile.Dir = dir
	compile.Stderr = os.Stderr
	module, err := compile.Output()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "identity.js"), module, 0o644))
	return bundledIn(t, dir, `
import { createApp } from 'vue';
import Identity from './identity.js';
globalThis.told = [];
createApp(Identity, { onToken: (token) => told.push(token), onDecline: (reason) => told.push(reason) }).mount('#app');
`)
}

func TestTheCodeOfThePlaygroundFollowsTheChoices(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	preload := fmt.Sprintf(`<link rel="preload" as="fetch" crossorigin href="%s/v1/view?sitekey=pk_test_pass&amp;purpose=account-opening&amp;lang=mni-Beng">`, relay)
	for choices, want := range map[string]struct {
		has, hasNot []string
	}{
		"":                            {[]string{`purpose="account-opening" required>`}, []string{`" lang=`, "theme=", "mode=", "preload"}},
		"?lang=mni-Beng":              {[]string{preload, ` lang="mni-Beng" required>`}, nil},
		"?lang=hi&mode=hosted":        {[]string{` lang="hi" mode="hosted" required>`}, []string{"preload"}},
		"?theme=contrast":             {[]string{` theme="contrast" required>`}, nil},
		`?lang=xx-"><script>alert(1)`: {[]string{`purpose="account-opening" required>`}, []string{"alert", "preload"}},
	} {
		for _, id := range []string{"page", "react", "vue"} {
			code := snippet(t, relay, strings.ReplaceAll(choices, `"><`, "%22%3E%3C"), id)
			if id == "page" {
				for _, part := range want.has {
					require.Contains(t, code, part, choices)
				}
			}
			for _, part := range want.hasNot {
				require.NotContains(t, code, part, choices)
			}
			require.NotContains(t, code, "sk_")
		}
	}
}

// The policy of the page lets its button reach the clipboard.
func TestTheCodeIsCopiedByAPress(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	b := newTab(t)
	b.open(relay + "/")
	b.state("notice")
	b.click(`document.querySelector('[data-copy=snippet-page]')`, 1)
	b.until(`/Copied|Selected/.test(document.querySelector('[data-copy=snippet-page]').textContent)`)
	b.click(`document.querySelector('#snippet-go').parentElement.querySelector('summary')`, 1)
	b.until(`document.querySelector('#snippet-go').checkVisibility() && !document.querySelector('#snippet-curl').checkVisibility()`)
	require.Empty(t, js[[]string](b, `violations`))
	require.Empty(t, b.errors)
}
