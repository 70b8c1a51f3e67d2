package httpapi_test

import (
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// What must stay where it belongs.
const (
	canarySubject = "canary-subject-8Qd2"
	canaryTicket  = "canary-ticket-subject-3Fk7"
	canaryKey     = "canary-idempotency-key-5Hn1"
	canaryVerify  = "canary-verify-key-9Lp4"
	canaryAnswer  = "cAnArY-7Tz"
	canarySecret  = "sk_canary-wrong-secret-2Wb6"
	aadhaar       = "234123412346"
)

// places says in which answers a canary may stand, by route.
var places = map[string][]string{
	canaryAnswer:  {"/v1/siteverify"},
	canarySubject: {"/v1/siteverify"},
	canaryTicket:  {"/v1/siteverify"},
}

// The whole journey and a failure of each kind, with a canary in every input:
// afterwards none is in the log, in a metric, in the data directory, or in an
// answer where it does not belong.
func TestNoSecretIsWhereItDoesNotBelong(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	tickets, tokens, sessions := failAndSucceed(t, r)
	plantAadhaar(t, r)

	vendor, _ := sandbox.Credentials("pk_test_pass")
	canaries := map[string]bool{ // and whether a sealed value of it may stand in answers
		canarySubject: false, canaryTicket: false, canaryKey: false, canaryVerify: false, canaryAnswer: false, canarySecret: false, aadhaar: false,
		"2341 2341 2346": false, "2341-2341-2346": false, "२३४१२३४१२३४६": false,
		vendor.ClientID: false, vendor.ClientSecret.Reveal(): false, apitest.Secret(apitest.Shop): false,
		hexOf(config.HashSecret(apitest.Secret(apitest.Shop))): false,
	}
	for _, id := range r.Vendor.SessionIDs() {
		canaries[id] = false
		places[id] = []string{"/v1/siteverify"}
	}
	for _, sealed := range append(append(tickets, tokens...), sessions...) {
		canaries[sealed] = true
	}
	log, metrics, data := r.Logged(), metricsOf(t, r), filesOf(t, r.Data)
	require.NotEmpty(t, log)
	require.Contains(t, metrics, "ekyc_vendor_calls_total")
	require.Contains(t, data, "ledger.db")
	require.Contains(t, data, "ledger.db-wal")
	for canary, sealed := range canaries {
		for _, form := range forms(canary) {
			require.False(t, strings.Contains(log, form), "%s in the log", canary)
			require.False(t, strings.Contains(metrics, form), "%s in a metric", canary)
			for name, content := range data {
				require.False(t, strings.Contains(content, form), "%s in the file %s", canary, name)
			}
			for _, a := range r.Answers {
				route, _, _ := strings.Cut(a.Path, "?")
				if sealed || allowed(places[canary], route) {
					continue
				}
				require.False(t, strings.Contains(string(a.Body), form), "%s in the answer of %s", canary, route)
				for name, values := range a.Header {
					require.False(t, strings.Contains(strings.Join(values, " "), form), "%s in the header %s of %s", canary, name, route)
				}
			}
		}
	}
	// The canaries were really there: what may hold them does.
	seen := map[string]bool{}
	for _, a := range r.Answers {
		for canary := range places {
			if strings.Contains(string(a.Body), canary) {
				seen[canary] = true
			}
		}
	}
	require.True(t, seen[canaryAnswer] && seen[canarySubject] && seen[canaryTicket])
}

// failAndSucceed goes the way of a consent in every manner, and returns the
// sealed values that partner and page were given.
func failAndSucceed(t *testing.T, r *apitest.Relay) (tickets, tokens, sessions []string) {
	journey := func(site string, change M) {
		decision := apitest.With(apitest.With(r.Decision(t, site), M{"idempotency_key": canaryKey}), change)
		a := r.Agree(t, decision)
		r.Agree(t, decision)
		r.Agree(t, apitest.With(decision, M{"actor": "guardian"}))
		r.Do(t, apitest.Call{Path: "/v1/declines", Origin: apitest.Origin(site), JSON: apitest.With(decision, M{"alternative": "other-id"})})
		if a.Status != 201 {
			return
		}
		var begun wire.SessionReply
		a.Into(t, &begun)
		token := r.Token(t, site, begun.Session, canaryAnswer).Token
		tokens, sessions = append(tokens, token), append(sessions, begun.Session)
		for _, members := range []M{{"peek": true}, {"sitekey": "pk_x"}, {"subject": "x"}, {}, {}, {"idempotency_key": "other-key"}} {
			r.Verify(t, site, apitest.With(M{"response": token, "idempotency_key": canaryVerify}, members))
		}
		r.Do(t, apitest.Call{Path: "/v1/siteverify", Form: url.Values{"secret": {canarySecret}, "response": {token}}})
		r.Do(t, apitest.Call{Path: "/v1/siteverify?secret=" + apitest.Secret(site), JSON: M{"response": token}})
		r.Do(t, apitest.Call{Path: "/v1/consents/" + begun.Consent.ID, Secret: apitest.Secret(site)})
		r.Do(t, apitest.Call{Path: "/v1/consents/" + begun.Consent.ID, Secret: canarySecret})
		r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.Origin(site), JSON: M{"session": begun.Session}})
		r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin2, JSON: M{"session": begun.Session}})
		r.Do(t, apitest.Call{Path: "/v1/answers", Origin: apitest.Origin(site), JSON: M{"session": begun.Session, "answer": canaryAnswer + canaryAnswer}})
	}
	for _, site := range []string{apitest.Shop, apitest.Bank, apitest.Busy, apitest.Down, apitest.Rejected, apitest.BadJPEG, apitest.Expired} {
		ticket := r.Ticket(t, site, M{"subject": canaryTicket})
		tickets = append(tickets, ticket)
		journey(site, M{"subject": canarySubject})
		journey(site, M{"ticket": ticket, "idempotency_key": canaryKey + "-t"})
		r.Do(t, apitest.Call{Path: "/v1/consents?limit=2&subject=" + canarySubject, Secret: apitest.Secret(site)})
	}
	for i, step := range storetest.Steps { // the store fails at each step
		r.Store.Fail(step)
		r.Agree(t, apitest.With(r.Decision(t, apitest.Shop), M{"subject": canarySubject, "idempotency_key": canaryKey + string(rune('a'+i))}))
	}
	for _, answer := range []func(http.ResponseWriter, *http.Request) bool{
		whatever(500, nil, canaryAnswer), whatever(200, nil, "<html>"+canaryAnswer), whatever(200, nil, `{"code":null,"message":"`+canaryAnswer+`"}`),
		whatever(302, http.Header{"Location": {"https://" + canaryAnswer + ".example"}}, ""), whatever(429, http.Header{"Retry-After": {canaryAnswer}}, canaryAnswer),
	} { // the vendor repeats what it should not
		r.Vendor.SetIntercept(answer)
		journey(apitest.Shop, M{"subject": canarySubject, "idempotency_key": apitest.Key()})
	}
	r.Vendor.SetIntercept(nil)
	for _, body := range []string{"{", `{"session":"` + canaryAnswer, `{"` + canaryKey + `":1}`, `{"session":"` + canaryAnswer + `"}`, canaryAnswer} {
		for _, path := range []string{"/v1/sessions", "/v1/declines", "/v1/captchas", "/v1/answers", "/v1/siteverify", "/v1/tickets"} {
			r.Do(t, apitest.Call{Path: path, Origin: apitest.ShopOrigin, JSON: body})
			r.Do(t, apitest.Call{Path: path, Secret: apitest.Secret(apitest.Shop), JSON: body})
		}
	}
	r.Clock.Add(11 * time.Minute)
	for _, session := range sessions {
		r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": session}})
	}
	return tickets, tokens, sessions
}

// plantAadhaar sends an Aadhaar number in every place that takes anything.
func plantAadhaar(t *testing.T, r *apitest.Relay) {
	session := r.Begin(t, r.Decision(t, apitest.Shop)).Session
	for _, number := range []string{aadhaar, "2341 2341 2346", "2341-2341-2346", "२३४१२३४१२३४६", "key-with-" + aadhaar} {
		q := url.QueryEscape(number)
		for _, member := range []string{"sitekey", "purpose", "presentation", "notice_sha256", "idempotency_key", "ticket", "subject", "actor", "alternative", number} {
			for _, path := range []string{"/v1/sessions", "/v1/declines"} {
				r.Do(t, apitest.Call{Path: path, Origin: apitest.ShopOrigin, JSON: apitest.With(r.Decision(t, apitest.Shop), M{member: number})})
			}
		}
		for _, member := range []string{"channel", "version", "build", number} {
			r.Do(t, apitest.Call{Path: "/v1/sessions", Origin: apitest.ShopOrigin, JSON: apitest.With(r.Decision(t, apitest.Shop), M{"client": M{member: number}})})
		}
		for _, lang := range []string{number, "en-x-" + number} { // what was asked for is kept in the record
			a := r.Do(t, apitest.Call{Path: "/v1/view?sitekey=pk_shop&purpose=account-opening&lang=" + url.QueryEscape(lang), Origin: apitest.ShopOrigin,
				Header: http.Header{"Accept-Language": {aadhaar}, "User-Agent": {aadhaar}, "Referer": {"https://x.example/" + aadhaar}}})
			if a.Status == 200 {
				var shown apitest.Shown
				a.Into(t, &shown)
				r.Begin(t, M{"sitekey": apitest.Shop, "purpose": apitest.Purpose, "presentation": shown.Presentation,
					"notice_sha256": shown.Notice.SHA256, "idempotency_key": apitest.Key()})
			}
		}
		r.Do(t, apitest.Call{Path: "/v1/view?sitekey=" + q + "&purpose=" + q + "&" + q + "=" + q, Origin: "https://" + aadhaar + ".example"})
		r.Do(t, apitest.Call{Path: "/v1/answers", Origin: apitest.ShopOrigin, JSON: M{"session": session, "answer": number}})
		r.Do(t, apitest.Call{Path: "/v1/answers", Origin: apitest.ShopOrigin, JSON: M{"session": number, "answer": "abc"}})
		r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": number}})
		r.Do(t, apitest.Call{Path: "/v1/tickets", Secret: apitest.Secret(apitest.Shop), JSON: M{"subject": number, "purpose": number}})
		r.Do(t, apitest.Call{Path: "/v1/tickets", Secret: apitest.Secret(apitest.Shop), JSON: M{"subject": number}})
		for _, member := range []string{"secret", "response", "sitekey", "subject", "idempotency_key", number} {
			r.Do(t, apitest.Call{Path: "/v1/siteverify", JSON: apitest.With(M{"secret": apitest.Secret(apitest.Shop), "response": "x"}, M{member: number})})
		}
		for _, path := range []string{"/v1/consents?subject=", "/v1/consents?subject=s&cursor=", "/v1/consents?subject=s&limit=", "/v1/consents/", "/v1/notices/", "/v1/assets/x/", "/"} {
			r.Do(t, apitest.Call{Path: path + url.PathEscape(number), Secret: apitest.Secret(apitest.Shop)})
		}
		r.Do(t, apitest.Call{Method: "X" + aadhaar, Path: "/v1/view"})
	}
}

// forms are the ways in which a value may stand somewhere.
func forms(v string) []string {
	return []string{v, url.QueryEscape(v), strings.Trim(base64.StdEncoding.EncodeToString([]byte(v)), "="), hex.EncodeToString([]byte(v))}
}

func allowed(routes []string, route string) bool {
	for _, r := range routes {
		if r == route {
			return true
		}
	}
	return false
}

func hexOf(sum config.SecretHash) string { return hex.EncodeToString(sum[:]) }

func metricsOf(t *testing.T, r *apitest.Relay) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.API.AdminHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, 200, w.Code)
	return w.Body.String()
}

func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all[filepath.Base(path)] = string(content)
		return err
	}))
	return all
}

// The address of a receipt is all the authority that it takes: it stands in no
// log, also where somebody gets it wrong.
func TestACapabilityIsNeverLogged(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	receipt := r.Begin(t, r.Decision(t, apitest.Shop)).Consent.ReceiptURL
	capability := receipt[strings.LastIndexByte(receipt, '/')+1:]
	for _, path := range []string{
		"/v1/receipts/" + capability, "/v1/receipts/" + capability + ".receipt", "/v1/receipts/" + capability + "/", "/v1/receipts//" + capability,
		"/v1/receipts/" + capability + "/nothing", "/v1/receipts/" + capability + "?x=" + capability, "/V1/receipts/" + capability, "/" + capability,
	} {
		r.Do(t, apitest.Call{Path: path})
	}
	r.Do(t, apitest.Call{Method: http.MethodPost, Path: "/v1/receipts/" + capability + "/withdraw", Origin: r.URL})
	r.Do(t, apitest.Call{Method: http.MethodPost, Path: "/v1/receipts/" + capability + "/withdraw", Origin: "https://evil.example"})
	require.NotContains(t, r.Logged(), capability)
	require.NotContains(t, scrape(r), capability)
}
