package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/server/internal/deepvue/script"
	"ekycconnect/wasm/wire"
)

// What must stay where it belongs, each planted where it enters the program.
const (
	canaryID      = "live_canary-vendor-id-4Gm8"
	canaryKey     = "canary-vendor-secret-6Jt2"
	canarySite    = "sk_canary-site-secret-9Rw5-Zk3vTq8wXr5yNb1mLc7pJd9s"
	canaryWebhook = "whsec_Y2FuYXJ5LXdlYmhvb2stc2VjcmV0LTNMcDctY2FuYXJ5"
	canarySession = "canary-vendor-session-1Xb9"
	canaryLetters = "cAnArY7Tz"
	canarySubject = "canary-subject-8Qd2"
	canaryIdem    = "canary-idempotency-5Hn1"
	canaryAadhaar = "234123412346"
	bankOrigin    = "https://www.bank.example"
	relayOrigin   = "https://consent.example.com"
)

// belongs says where a canary may be seen: the answer of that name.
var belongs = map[string][]string{
	canaryLetters: {"siteverify"},
	canarySession: {"siteverify"},
	canarySubject: {"siteverify"},
}

// places is whatever the program gives away, by name: answers, metrics, files.
type places map[string]string

func (all places) take(t *testing.T, name string, r *http.Request) string {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	all[name] += fmt.Sprintln(answer.Status, answer.Header) + string(text)
	return string(text)
}

// ask sends what a page or a partner sends; body is JSON, a form, or nil.
func (all places) ask(t *testing.T, name, to string, body any, headers ...string) string {
	t.Helper()
	method, text, media := http.MethodPost, "", "application/json"
	switch b := body.(type) {
	case nil:
		method = http.MethodGet
	case url.Values:
		text, media = b.Encode(), "application/x-www-form-urlencoded"
	default:
		raw, err := json.Marshal(b)
		require.NoError(t, err)
		text = string(raw)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(text))
	require.NoError(t, err)
	if body != nil {
		r.Header.Set("Content-Type", media)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return all.take(t, name, r)
}

var (
	carried    = regexp.MustCompile(`name="(hosted|presentation|ticket|session)" value="([^"]*)"`)
	keyMembers = regexp.MustCompile(`[A-Za-z0-9+/]{43}=`)
	never      = regexp.MustCompile(`BEGIN [A-Z ]*PRIVATE KEY|x-api-key|client-id|sk_live_|whsec_|/root/|/home/`)
)

// TestACrashTellsNoSecretAndWritesNoCore plants a canary in every input of the real
// program, takes everything that it gives away, crashes it in the middle of a call
// to the vendor, and looks for the canaries.
func TestACrashTellsNoSecretAndWritesNoCore(t *testing.T) {
	for _, crash := range []struct {
		name      string
		traceback string
		signal    syscall.Signal
	}{
		{"all goroutines on a request", "all", syscall.SIGQUIT},
		{"fatal signal", "all", syscall.SIGSEGV},
		{"crash with all of the runtime's own", "crash", syscall.SIGABRT},
	} {
		t.Run(crash.name, func(t *testing.T) {
			all := places{}
			p, canaries, called := planted(t, all, "GOTRACEBACK="+crash.traceback)
			limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", p.cmd.Process.Pid))
			require.NoError(t, err)
			require.Regexp(t, `Max core file size +0 +0 `, string(limits))

			all["log"] = p.log.String()
			require.Contains(t, all["log"], `"msg":"request"`)
			require.NoError(t, p.cmd.Process.Signal(crash.signal))
			_ = p.cmd.Wait()
			called()
			all["crash output"] = p.log.String()[len(all["log"]):]
			require.Contains(t, all["crash output"], "goroutine ", "there is a dump")
			require.Contains(t, all["crash output"], "deepvue", "of the call as well")

			rows := 0
			for canary := range canaries {
				for place, content := range all {
					rows++
					for _, form := range formsOf(canary) {
						if !strings.Contains(content, form) {
							continue
						}
						require.Contains(t, append(belongs[canary], canaries[canary]...), place, "%.24s… is in %s", canary, place)
					}
				}
			}
			for canary, where := range belongs {
				require.Contains(t, all[where[0]], canary, "it was really there")
			}
			t.Logf("%d canaries × %d places", len(canaries), rows/len(canaries))
		})
	}
}

// planted runs a relay through every way of a consent, in the middle of a call to
// the vendor at the end. The canaries come with the places where each belongs;
// called lets the vendor answer.
func planted(t *testing.T, all places, env ...string) (p *process, canaries map[string][]string, called func()) {
	t.Helper()
	body := strings.NewReplacer("session-1", canarySession).Replace(script.Good())
	arrived, asked, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
	called = sync.OnceFunc(func() { close(release) })
	good := script.Say(200, body)
	vendor := script.NewVendor(t, func(w http.ResponseWriter, r *http.Request, call int) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/generate-otp"):
			close(asked)
			<-release
		case call == 3:
			close(arrived)
			<-release
		}
		good(w, r, call)
	})
	t.Cleanup(called) // before the vendor is closed
	path := configtest.Example(t,
		"level: info", "level: debug",
		"url: https://production.deepvue.tech ", "url: "+vendor.URL+" ",
		"sha256:0000000000000000000000000000000000000000000000000000000000000001", config.HashSecret(canarySite).String(),
	)
	p = startConfigured(t, path, append(env, "DEEPVUE_CLIENT_ID="+canaryID, "DEEPVUE_CLIENT_SECRET="+canaryKey, "CONSENT_WEBHOOK_SECRET="+canaryWebhook)...)
	base := "http://" + listening(t, p)
	page := []string{"Origin", bankOrigin}

	begin := func(name string, key string) wire.SessionReply {
		var shown struct {
			Notice       wire.NoticeRef `json:"notice"`
			Presentation string         `json:"presentation"`
		}
		require.NoError(t, json.Unmarshal([]byte(all.ask(t, "view", base+"/v1/view?sitekey="+configtest.Sitekey+"&purpose=account-opening", nil, page...)), &shown))
		var begun wire.SessionReply
		text := all.ask(t, name, base+"/v1/sessions", map[string]string{
			"sitekey": configtest.Sitekey, "purpose": "account-opening", "presentation": shown.Presentation,
			"notice_sha256": shown.Notice.SHA256, "idempotency_key": key, "subject": canarySubject,
		}, page...)
		require.NoError(t, json.Unmarshal([]byte(text), &begun))
		require.NotEmpty(t, begun.Session, "%s", text)
		return begun
	}
	begun := begin("session", canaryIdem)
	var token wire.AnswerReply
	require.NoError(t, json.Unmarshal([]byte(all.ask(t, "answer", base+"/v1/answers", map[string]string{"session": begun.Session, "answer": canaryLetters}, page...)), &token))
	var redeemed struct {
		Verification string `json:"verification"`
	}
	require.NoError(t, json.Unmarshal([]byte(all.ask(t, "siteverify", base+"/v1/siteverify", url.Values{"secret": {canarySite}, "response": {token.Token}})), &redeemed))
	receipt := strings.Replace(begun.Consent.ReceiptURL, relayOrigin, base, 1)
	all.ask(t, "receipt page", receipt, nil)
	all.ask(t, "receipt file", receipt+".receipt", nil)
	all.ask(t, "consents", base+"/v1/consents?subject="+canarySubject, nil, "Authorization", "Bearer "+canarySite)
	all.ask(t, "ticket", base+"/v1/tickets", map[string]string{"subject": canarySubject}, "Authorization", "Bearer "+canarySite)

	// The hosted page, from the notice to the answer.
	html := all.ask(t, "hosted page", base+"/v1/hosted?sitekey="+configtest.Sitekey+"&purpose=account-opening&origin="+url.QueryEscape(bankOrigin), nil)
	for _, step := range []url.Values{{"do": {"agree"}}, {"do": {"answer"}, "answer": {canaryLetters}}} {
		for _, field := range carried.FindAllStringSubmatch(html, -1) {
			step.Set(field[1], field[2])
		}
		html = all.ask(t, "hosted page", base+"/v1/hosted", step, "Origin", relayOrigin)
	}
	require.Contains(t, html, `data-response="eyJ`)

	// Mistakes: problem documents.
	for _, body := range []any{
		map[string]string{"session": begun.Session, "answer": canaryAadhaar}, map[string]string{"session": canaryLetters, "answer": canarySession},
		map[string]string{"session": canaryAadhaar, canaryAadhaar: canaryLetters}, canaryLetters,
	} {
		for _, route := range []string{"sessions", "declines", "captchas", "answers", "siteverify", "tickets"} {
			all.ask(t, "problems", base+"/v1/"+route, body, page...)
			all.ask(t, "problems", base+"/v1/"+route+"?x="+canaryLetters, body, "Authorization", "Bearer "+canaryKey)
		}
	}
	all.ask(t, "metrics", p.at.AdminURL+"/metrics", nil)
	all.ask(t, "readiness in words", p.at.AdminURL+"/readyz", nil)

	canaries = map[string][]string{
		canaryID: nil, canaryKey: nil, canarySite: nil, canaryWebhook: nil, strings.TrimPrefix(canaryWebhook, "whsec_"): nil, canarySession: nil, canaryLetters: nil,
		canarySubject: nil, canaryIdem: nil, canaryAadhaar: nil,
		begun.Session: {"session"}, token.Token: {"answer"}, strings.TrimPrefix(receipt, base+"/v1/receipts/"): {"session", "siteverify", "receipt page", "receipt file", "consents", "problems"},
	}
	// It stays sealed in the ledger for a quarter of an hour, for a repeat of siteverify.
	canaries[redeemed.Verification] = []string{"siteverify", "file ledger.db", "file ledger.db-wal"}
	require.NoError(t, filepath.WalkDir(filepath.Dir(path), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all["file "+entry.Name()] = string(content)
		return err
	}))
	keys := keyMembers.FindAllString(all["file keys.yaml"], -1)
	require.NotEmpty(t, keys)
	for _, key := range keys {
		canaries[key] = []string{"file keys.yaml"}
	}
	require.Contains(t, all, "file ledger.db")
	dist, err := filepath.Glob("../web/dist/ekyc-connect.*") // what the program holds
	require.NoError(t, err)
	for _, path := range dist {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		all["dist "+filepath.Base(path)] = string(content)
		require.Empty(t, never.FindString(string(content)), path)
	}
	require.Greater(t, len(dist), 3)

	// Two calls that the vendor keeps until the end, one with a person's number.
	go send(base+"/v1/captchas", `{"session":"`+begun.Session+`"}`, "Origin", bankOrigin)
	<-arrived
	go send(base+"/v1/generate-otp", `{"verification":"`+redeemed.Verification+`","aadhaar_number":"`+canaryAadhaar+`","idempotency_key":"`+canaryIdem+`"}`,
		"Authorization", "Bearer "+canarySite)
	<-asked
	return p, canaries, called
}

// send asks and does not care for the answer.
func send(to, body, header, value string) {
	r, err := http.NewRequest(http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		return
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(header, value)
	if answer, err := http.DefaultClient.Do(r); err == nil {
		_ = answer.Body.Close()
	}
}

// formsOf are the ways in which a value may stand somewhere.
func formsOf(v string) []string {
	return []string{v, url.QueryEscape(v), strings.Trim(base64.StdEncoding.EncodeToString([]byte(v)), "="), hex.EncodeToString([]byte(v))}
}
