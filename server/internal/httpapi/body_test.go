package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// taken is a request of each route with a JSON body, and the status of its success.
func taken(t *testing.T, r *apitest.Relay) map[string]struct {
	apitest.Call
	status int
} {
	session := r.Begin(t, r.Decision(t, apitest.Shop)).Session
	type row = struct {
		apitest.Call
		status int
	}
	return map[string]row{
		"/v1/sessions": {apitest.Call{Origin: apitest.ShopOrigin, JSON: r.Decision(t, apitest.Shop)}, 201},
		"/v1/declines": {apitest.Call{Origin: apitest.ShopOrigin, JSON: r.Decision(t, apitest.Shop)}, 201},
		"/v1/captchas": {apitest.Call{Origin: apitest.ShopOrigin, JSON: M{"session": session}}, 200},
		"/v1/answers":  {apitest.Call{Origin: apitest.ShopOrigin, JSON: M{"session": session, "answer": "abc"}}, 201},
		"/v1/tickets":  {apitest.Call{Secret: apitest.Secret(apitest.Shop), JSON: M{"subject": "s"}}, 201},
	}
}

func TestBodiesAreJSONOfAKnownMediaTypeAndSize(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for path, row := range taken(t, r) {
		whole, err := json.Marshal(row.JSON, json.Deterministic(true))
		require.NoError(t, err)
		body := string(whole)
		first := `"` + body[2:strings.Index(body[2:], `"`)+2] + `"` // name of the first member
		inside := func(more string) string { return body[:len(body)-1] + more + "}" }
		media := func(values ...string) http.Header { return http.Header{"Content-Type": values} }
		for name, bad := range map[string]struct {
			body   string
			header http.Header
			status int
			code   wire.Code
		}{
			"no media type":       {body, http.Header{"Content-Type": nil}, 415, wire.InvalidRequest},
			"empty media type":    {body, media(""), 415, wire.InvalidRequest},
			"a form":              {body, media("application/x-www-form-urlencoded"), 415, wire.InvalidRequest},
			"xml":                 {body, media("text/xml"), 415, wire.InvalidRequest},
			"json of another":     {body, media("application/problem+json"), 415, wire.InvalidRequest},
			"two media types":     {body, media("application/json", "application/json"), 415, wire.InvalidRequest},
			"a broken media type": {body, media("application/json; charset"), 415, wire.InvalidRequest},
			"other characters":    {body, media("text/plain; charset=iso-8859-1"), 415, wire.InvalidRequest},

			"nothing":               {"", nil, 400, wire.InvalidRequest},
			"blank":                 {" \n", nil, 400, wire.InvalidRequest},
			"cut short":             {body[:len(body)-1], nil, 400, wire.InvalidRequest},
			"a second value":        {body + "{}", nil, 400, wire.InvalidRequest},
			"something behind":      {body + " x", nil, 400, wire.InvalidRequest},
			"an array":              {"[" + body + "]", nil, 400, wire.InvalidRequest},
			"a string":              {`"x"`, nil, 400, wire.InvalidRequest},
			"a number":              {"1", nil, 400, wire.InvalidRequest},
			"null":                  {"null", nil, 400, wire.InvalidRequest},
			"true":                  {"true", nil, 400, wire.InvalidRequest},
			"html":                  {"<html></html>", nil, 400, wire.InvalidRequest},
			"a form's text":         {"session=x", nil, 400, wire.InvalidRequest},
			"byte order mark":       {"\ufeff" + body, nil, 400, wire.InvalidRequest},
			"an unknown member":     {inside(`,"surprise":1`), nil, 400, wire.InvalidRequest},
			"a member twice":        {inside("," + first + `:"x"`), nil, 400, wire.InvalidRequest},
			"a member's other case": {strings.Replace(body, first, strings.ToUpper(first), 1), nil, 400, wire.InvalidRequest},
			"a number for text":     {strings.Replace(body, first+`:"`, first+`:1,"x":"`, 1), nil, 400, wire.InvalidRequest},
			"an object for text":    {"{" + first + ":{}}", nil, 400, wire.InvalidRequest},
			"an array for text":     {"{" + first + `:["a"]}`, nil, 400, wire.InvalidRequest},
			"invalid UTF-8":         {"{" + first + ":\"a\xff\"}", nil, 400, wire.InvalidRequest},
			"half a surrogate":      {"{" + first + `:"\ud800"}`, nil, 400, wire.InvalidRequest},
			"a control character":   {"{" + first + ":\"a\nb\"}", nil, 400, wire.InvalidRequest},
			"a comment":             {"/* */" + body, nil, 400, wire.InvalidRequest},
			"deep arrays":           {strings.Repeat("[", 16000), nil, 400, wire.InvalidRequest},
			"deep objects":          {strings.Repeat(`{"a":`, 3000), nil, 400, wire.InvalidRequest},
			"deep in a member":      {"{" + first + ":" + strings.Repeat("[", 8000) + strings.Repeat("]", 8000) + "}", nil, 400, wire.InvalidRequest},
			"one byte too many":     {body + strings.Repeat(" ", 16385-len(body)), nil, 413, wire.BodyTooLarge},
			"far too many":          {strings.Repeat("x", 1<<20), nil, 413, wire.BodyTooLarge},
		} {
			call := row.Call
			call.Path, call.JSON, call.Header = path, bad.body, bad.header
			a := r.Do(t, call)
			require.Equal(t, bad.status, a.Status, "%s %s: %s", path, name, a.Body)
			require.Equal(t, bad.code, a.Problem(t).Code, "%s %s", path, name)
		}
		for said, pagesAlone := range map[string]bool{
			"": false, "application/json; charset=utf-8": false, "APPLICATION/JSON": false, "text/plain": true, "text/plain;charset=UTF-8": true,
		} {
			call := row.Call
			call.Path, call.JSON = path, body+strings.Repeat(" ", 16384-len(body))
			if said != "" {
				call.Header = media(said)
			}
			a := r.Do(t, call)
			if pagesAlone && row.Secret != "" {
				require.Equal(t, []any{415, wire.InvalidRequest}, []any{a.Status, a.Problem(t).Code}, "%s %s", path, said)
				continue
			}
			require.Equal(t, row.status, a.Status, "%s %s: %s", path, said, a.Body)
		}
	}
}

// A decision's members, one wrong at a time. Whatever is refused here leaves no trace.
func TestEveryMemberOfADecisionIsHeldToItsForm(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, row := range map[string]struct {
		change M
		code   wire.Code
	}{
		"no sitekey":                  {M{"sitekey": nil}, wire.InvalidRequest},
		"empty sitekey":               {M{"sitekey": ""}, wire.InvalidRequest},
		"unknown sitekey":             {M{"sitekey": "pk_nobody"}, wire.UnknownSitekey},
		"sitekey in other case":       {M{"sitekey": "PK_SHOP"}, wire.UnknownSitekey},
		"no purpose":                  {M{"purpose": nil}, wire.InvalidRequest},
		"unknown purpose":             {M{"purpose": "nothing"}, wire.UnknownPurpose},
		"no presentation":             {M{"presentation": nil}, wire.InvalidRequest},
		"another purpose than shown":  {M{"purpose": apitest.OtherPurpose}, wire.InvalidRequest},
		"no notice":                   {M{"notice_sha256": nil}, wire.InvalidRequest},
		"another notice":              {M{"notice_sha256": strings.Repeat("0", 64)}, wire.InvalidRequest},
		"notice cut":                  {M{"notice_sha256": "00"}, wire.InvalidRequest},
		"no key":                      {M{"idempotency_key": nil}, wire.InvalidRequest},
		"key of 15":                   {M{"idempotency_key": long(15)}, wire.InvalidRequest},
		"key of 65":                   {M{"idempotency_key": long(65)}, wire.InvalidRequest},
		"key with a space":            {M{"idempotency_key": "0123456789 abcdef"}, wire.InvalidRequest},
		"key in other script":         {M{"idempotency_key": "०१२३४५६७८९abcdef"}, wire.InvalidRequest},
		"key with an Aadhaar number":  {M{"idempotency_key": "key-234123412346"}, wire.InvalidRequest},
		"key with much besides":       {M{"idempotency_key": "d1f0c9a4-7b3e-4a51-9c2d-234123412346"}, ""},
		"empty actor is self":         {M{"actor": ""}, ""},
		"another actor":               {M{"actor": "SELF"}, wire.InvalidRequest},
		"actor null":                  {M{"actor": "null"}, wire.InvalidRequest},
		"empty client":                {M{"client": M{}}, ""},
		"client's unknown member":     {M{"client": M{"name": "x"}}, wire.InvalidRequest},
		"client's long version":       {M{"client": M{"version": long(65)}}, wire.InvalidRequest},
		"client's long build":         {M{"client": M{"build": long(65)}}, wire.InvalidRequest},
		"client's control character":  {M{"client": M{"version": "a\nb"}}, wire.InvalidRequest},
		"client's Aadhaar number":     {M{"client": M{"version": "2341-2341-2346"}}, wire.InvalidRequest},
		"client's long number":        {M{"client": M{"version": "1.2.3+1234567"}}, wire.InvalidRequest},
		"client's build in digits":    {M{"client": M{"build": "0123456789abcdef"}}, wire.InvalidRequest},
		"client is a list":            {M{"client": []string{"widget"}}, wire.InvalidRequest},
		"empty subject is none":       {M{"subject": ""}, ""},
		"subject of 128":              {M{"subject": long(128)}, ""},
		"subject of 129":              {M{"subject": long(129)}, wire.InvalidRequest},
		"subject of 384 bytes":        {M{"subject": strings.Repeat("न", 128)}, ""},
		"subject of more bytes":       {M{"subject": strings.Repeat("𝒳", 97)}, wire.InvalidRequest},
		"subject with a tab":          {M{"subject": "a\tb"}, wire.InvalidRequest},
		"subject with an odd space":   {M{"subject": "a\u00a0b"}, wire.InvalidRequest},
		"subject with a zero width":   {M{"subject": "a\u200bb"}, wire.InvalidRequest},
		"subject of 11 digits":        {M{"subject": "12345678901"}, ""},
		"subject of 13 digits":        {M{"subject": "1234567890123"}, ""},
		"subject of 12 digits":        {M{"subject": "123456789012"}, wire.SubjectLooksLikeAadhaar},
		"twelve zeros":                {M{"subject": "000000000000"}, wire.SubjectLooksLikeAadhaar},
		"grouped":                     {M{"subject": "id 1234-5678.9012 x"}, wire.SubjectLooksLikeAadhaar},
		"Devanagari digits":           {M{"subject": "१२३४५६७८९०१२"}, wire.SubjectLooksLikeAadhaar},
		"digits of three scripts":     {M{"subject": "1234५६७८௯௦௧௨"}, wire.SubjectLooksLikeAadhaar},
		"full width digits":           {M{"subject": "１２３４５６７８９０１２"}, wire.SubjectLooksLikeAadhaar},
		"mathematical digits":         {M{"subject": "𝟭𝟮𝟯𝟰𝟱𝟲𝟳𝟴𝟵𝟬𝟭𝟮"}, wire.SubjectLooksLikeAadhaar},
		"digits parted by a letter":   {M{"subject": "123456a789012"}, ""},
		"a forged ticket":             {M{"ticket": "x"}, wire.TicketInvalid},
		"ticket and subject":          {M{"ticket": "x", "subject": "s"}, wire.InvalidRequest},
		"alternative is a decline's":  {M{"alternative": "other-id"}, "only /v1/declines"},
		"long alternative":            {M{"alternative": long(65)}, wire.InvalidRequest},
		"alternative Aadhaar number":  {M{"alternative": "234123412346"}, wire.InvalidRequest},
		"alternative control":         {M{"alternative": "a\x00"}, wire.InvalidRequest},
		"long sitekey":                {M{"sitekey": long(1000)}, wire.InvalidRequest},
		"long purpose":                {M{"purpose": long(1000)}, wire.InvalidRequest},
		"client's long channel":       {M{"client": M{"channel": long(65)}}, wire.InvalidRequest},
		"ticket that is no text":      {M{"ticket": 5}, wire.InvalidRequest},
		"sitekey and purpose unknown": {M{"sitekey": "pk_nobody", "purpose": "nothing"}, wire.UnknownSitekey},
	} {
		for _, path := range []string{"/v1/sessions", "/v1/declines"} {
			calls := r.Vendor.Stats().Connect
			a := r.Do(t, apitest.Call{Path: path, Origin: apitest.ShopOrigin, JSON: apitest.With(r.Decision(t, apitest.Shop), row.change)})
			want := row.code
			if want == "only /v1/declines" {
				want = ""
				if path == "/v1/sessions" {
					want = wire.InvalidRequest
				}
			}
			if want == "" {
				require.Equal(t, http.StatusCreated, a.Status, "%s %s: %s", path, name, a.Body)
				continue
			}
			p := a.Problem(t)
			require.Equal(t, want, p.Code, "%s %s: %s", path, name, p.Detail)
			require.Nil(t, p.Consent)
			require.Equal(t, calls, r.Vendor.Stats().Connect)
		}
	}
}

// The longest of everything that a page, a partner and the vendor can send
// still fits into the sealed values.
func TestTheLongestMembersStillFit(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	vendorID := longSessions(r)
	decision := apitest.With(r.Decision(t, apitest.Shop), M{
		"subject": strings.Repeat("न", 128), "actor": "guardian",
		"client": M{"channel": strings.Repeat("x", wire.MaxChannel), "version": strings.Repeat("+", 64), "build": strings.Repeat("x", 64)},
	})
	a := r.Agree(t, decision)
	require.Equal(t, 201, a.Status, "%.500s", a.Body)
	var begun wire.SessionReply
	a.Into(t, &begun)
	v := r.Verify(t, apitest.Shop, M{"response": r.Token(t, apitest.Shop, begun.Session, strings.Repeat(`\`, 16)).Token})
	require.True(t, v.Success)
	require.Equal(t, vendorID, v.SessionID)
	require.Equal(t, strings.Repeat("न", 128), v.Consent.Subject)
	// And a ticket of the longest subject is at most 1 KB.
	require.LessOrEqual(t, len(r.Ticket(t, apitest.Shop, M{"subject": strings.Repeat("न", 128), "purpose": apitest.Purpose})), 1024)
	require.LessOrEqual(t, len(r.Ticket(t, apitest.Shop, M{"subject": strings.Repeat(`"`, 128), "purpose": apitest.Purpose})), 1024)
}
