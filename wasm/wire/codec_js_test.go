//go:build js && wasm

package wire_test

import (
	"syscall/js"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

func parse(text string) js.Value { return js.Global().Get("JSON").Call("parse", text) }

func stringify(v js.Value) string { return js.Global().Get("JSON").Call("stringify", v).String() }

func TestTheWidgetWritesWhatTheRelayReads(t *testing.T) {
	for _, v := range vectors(t, "requests.json") {
		if !v.OK {
			continue
		}
		decoded, _, _ := request(t, v)
		var body js.Value
		switch r := decoded.(type) {
		case *wire.SessionRequest:
			d := wire.DeclineRequest{Decision: r.Decision}
			body = d.Encode()
		case *wire.DeclineRequest:
			body = r.Encode()
		case *wire.CaptchaRequest:
			body = wire.EncodeSession(r.Session, "")
		case *wire.AnswerRequest:
			body = wire.EncodeSession(r.Session, r.Answer)
		}
		require.JSONEq(t, string(v.JSON), stringify(body), v.Name)
	}
}

func TestTheWidgetReadsRepliesAsTheRelayDoes(t *testing.T) {
	for _, v := range vectors(t, "replies.json") {
		want, wantOK := reply(t, v)
		got, ok := wire.DecodeReply(parse(string(v.JSON)))
		switch v.Route {
		case "sessions":
			ok = ok && got.Opens() && got.Records()
		case "captchas":
			ok = ok && got.Opens()
		case "declines":
			ok = ok && got.Records()
		case "answers":
			ok = ok && got.Answers()
		}
		require.Equal(t, wantOK, ok, v.Name)
		if ok {
			require.Equal(t, want, got, v.Name)
		}
	}
}

func TestTheWidgetReadsProblemsAsTheRelayDoes(t *testing.T) {
	for _, v := range vectors(t, "problems.json") {
		var want wire.Problem
		err := json.Unmarshal(v.JSON, &want)
		got, ok := wire.DecodeProblem(parse(string(v.JSON)))
		require.Equal(t, err == nil && want.Code != "", ok, v.Name)
		if ok {
			want.Type, want.Title = "", "" // for people who read answers; not shipped
			require.Equal(t, want, got, v.Name)
		}
	}
}

func TestWhatIsNoObjectIsNoReply(t *testing.T) {
	for _, v := range []js.Value{js.Undefined(), js.Null(), js.ValueOf(1), js.ValueOf("x"), js.ValueOf(true)} {
		_, ok := wire.DecodeReply(v)
		require.False(t, ok)
		_, ok = wire.DecodeProblem(v)
		require.False(t, ok)
	}
}

func TestSecondsThatNoTimerCanHoldAreRefused(t *testing.T) {
	for _, number := range []string{"1e300", "-1e300", "2147483648", "1.5"} {
		_, ok := wire.DecodeReply(parse(`{"token":"t","expires_in":` + number + `}`))
		require.False(t, ok, number)
	}
}
