package wire_test

import (
	"embed"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

//go:embed testdata/*.json
var testdata embed.FS

// vector is one message and what is to be thought of it. The same vectors run
// natively, through the relay's decoder, and in the browser, through the codec
// by hand.
type vector struct {
	Name   string         `json:"name"`
	Route  string         `json:"route"`
	OK     bool           `json:"ok"`
	Member string         `json:"member"`
	Code   wire.Code      `json:"code"`
	JSON   jsontext.Value `json:"json"`
}

func vectors(t *testing.T, file string) []vector {
	t.Helper()
	raw, err := testdata.ReadFile("testdata/" + file)
	require.NoError(t, err)
	var all []vector
	require.NoError(t, json.Unmarshal(raw, &all, json.RejectUnknownMembers(true)))
	require.NotEmpty(t, all)
	return all
}

// request is what the relay makes of a body.
func request(t *testing.T, v vector) (any, string, wire.Code) {
	t.Helper()
	decode := func(into interface{ Invalid() (string, wire.Code) }) (any, string, wire.Code) {
		require.NoError(t, json.Unmarshal(v.JSON, into, json.RejectUnknownMembers(true)), v.Name)
		member, code := into.Invalid()
		return into, member, code
	}
	switch v.Route {
	case "sessions":
		return decode(new(wire.SessionRequest))
	case "declines":
		return decode(new(wire.DeclineRequest))
	case "captchas":
		return decode(new(wire.CaptchaRequest))
	case "answers":
		return decode(new(wire.AnswerRequest))
	}
	require.Fail(t, "unknown route", "%s in %q", v.Route, v.Name)
	return nil, "", ""
}

// reply is what the relay's own types make of a success body, told in the
// widget's.
func reply(t *testing.T, v vector) (wire.Reply, bool) {
	t.Helper()
	switch v.Route {
	case "sessions":
		var r wire.SessionReply
		err := json.Unmarshal(v.JSON, &r)
		got := wire.Reply{Session: r.Session, Consent: r.Consent, Captcha: r.Captcha, ExpiresIn: r.ExpiresIn}
		return got, err == nil && got.Opens() && got.Records()
	case "captchas":
		var r wire.CaptchaReply
		err := json.Unmarshal(v.JSON, &r)
		got := wire.Reply{Session: r.Session, Captcha: r.Captcha, ExpiresIn: r.ExpiresIn}
		return got, err == nil && got.Opens()
	case "declines":
		var r wire.DeclineReply
		err := json.Unmarshal(v.JSON, &r)
		got := wire.Reply{Consent: r.Consent}
		return got, err == nil && got.Records()
	case "answers":
		var r wire.AnswerReply
		err := json.Unmarshal(v.JSON, &r)
		got := wire.Reply{Token: r.Token, ExpiresIn: r.ExpiresIn}
		return got, err == nil && got.Answers()
	}
	require.Fail(t, "unknown route", "%s in %q", v.Route, v.Name)
	return wire.Reply{}, false
}

func TestTheRelayReadsRequestsAsTheVectorsSay(t *testing.T) {
	for _, v := range vectors(t, "requests.json") {
		decoded, member, code := request(t, v)
		require.Equal(t, v.OK, code == "", v.Name)
		require.Equal(t, v.Member, member, v.Name)
		require.Equal(t, v.Code, code, v.Name)

		encoded, err := json.Marshal(decoded)
		require.NoError(t, err, v.Name)
		if v.OK {
			require.JSONEq(t, string(v.JSON), string(encoded), v.Name)
		}
	}
}

func TestTheRelaysRepliesAreAsTheVectorsSay(t *testing.T) {
	for _, v := range vectors(t, "replies.json") {
		_, ok := reply(t, v)
		require.Equal(t, v.OK, ok, v.Name)
	}
}

func TestTheRelaysProblemsAreAsTheVectorsSay(t *testing.T) {
	for _, v := range vectors(t, "problems.json") {
		var p wire.Problem
		err := json.Unmarshal(v.JSON, &p)
		require.Equal(t, v.OK, err == nil && p.Code != "", v.Name)
	}
}
