package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

func TestSecretsAreTakenOutWhereverTheyStand(t *testing.T) {
	const jwe = "eyJhbGciOiJkaXIiLCJlbmMi.canary.canary_-x.canary.canary"
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(Writer(&log), nil))
	for name, planted := range map[string]any{
		"plain":   "key sk_live_canary0123 end",
		"sealed":  "token " + jwe,
		"bearer":  "Authorization: Bearer canary.canary",
		"url":     "Get \"https://vendor.example/connect?session_id=canary&x=canary\": refused",
		"error":   errors.New("post https://v.example/otp?aadhaar_number=canary: EOF"),
		"nested":  map[string]any{"a": []any{map[string]string{"secret": "canary"}}},
		"header":  map[string][]string{"X-Api-Key": {"canary"}},
		"webhook": "whsec_canarycanary",
		"store":   "open postgres://relay:can@ary:canary@db/ekyc?sslmode=require",
		"query":   "open postgres://db/ekyc?user=a&password=canary&x=1",
		"struct":  struct{ Captcha string }{"canary"},
		"json":    `{"session_id":"canary","answer":"canary"}`,
	} {
		log.Reset()
		logger.Error("message", "value", planted, slog.Group("g", "deep", planted))
		require.NotContains(t, log.String(), "canary", name)
		require.Contains(t, log.String(), mark, name)
		require.True(t, json.Valid(log.Bytes()), "%s: %s", name, log.String())
	}
}

func TestAadhaarNumbersAreTakenOutAndOtherNumbersStay(t *testing.T) {
	for in, want := range map[string]string{
		`"n":"999999990019"`:      `"n":"` + mark + `"`,
		`"n":"9999 9999 0019 x"`:  `"n":"` + mark + ` x"`,
		`"n":"9999-9999-0019"`:    `"n":"` + mark + `"`,
		`"n":"999999990018"`:      `"n":"999999990018"`,
		`"took":999999990019}`:    `"took":999999990019}`,
		`"id":"a999999990019f"`:   `"id":"a999999990019f"`,
		`"n":"9999999900190000"`:  `"n":"9999999900190000"`,
		`"t":"2026-11-23T10:00Z"`: `"t":"2026-11-23T10:00Z"`,
	} {
		require.Equal(t, want, string(Text([]byte(in))))
	}
}

func TestAnOrdinaryLineIsUntouched(t *testing.T) {
	var plain, redacted bytes.Buffer
	attrs := []any{"route", "/v1/sessions", "status", 201, "took", 12 * time.Millisecond, "request_id", "5f0c9e1b2a3d4c5e6f708192", "code", "answer_invalid"}
	now := time.Now()
	for _, h := range []slog.Handler{slog.NewJSONHandler(&plain, nil), slog.NewJSONHandler(Writer(&redacted), nil)} {
		r := slog.NewRecord(now, slog.LevelInfo, "request", 0)
		r.Add(attrs...)
		require.NoError(t, h.Handle(t.Context(), r))
	}
	require.Equal(t, plain.String(), redacted.String())
}

// slow is Text without its short cuts.
func slow(line []byte) []byte {
	for _, s := range shapes {
		line = s.shape.ReplaceAll(line, []byte(s.by))
	}
	out, last := []byte(nil), 0
	for _, at := range twelve.FindAllIndex(line, -1) {
		if !number(line, at) && wire.IsAadhaar(string(line[at[0]:at[1]])) {
			out, last = append(append(out, line[last:at[0]]...), mark...), at[1]
		}
	}
	return append(out, line[last:]...)
}

func FuzzTheShortCutsTakeNothingFromWhatIsRedacted(f *testing.F) {
	for _, seed := range []string{
		"key sk_live_canary0123", "WHSEC_abcdef whsec_abcdef", "eyJhbGciOiJkaXIi.x.y", "BEARER abcdef", "basic  abcdefgh", "Secret=x", `"otp":"123456"`,
		"http://a.example/b?c=d", "9999 9999 0019", "9999-9999..0019", "1234 99999999-0019", "999999990019", `{"took":999999990019}`, "ſecret=x", "ANſWER: y", "clienT-İd=x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		require.Equal(t, string(slow(line)), string(Text(line)))
	})
}
