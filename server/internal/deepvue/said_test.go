package deepvue

import (
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

func TestLongNumbersAreBlankedInWhatTheVendorSays(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"Invalid OTP":                 "Invalid OTP",
		"12345 and 67890":             "12345 and 67890",
		"123456":                      "******",
		"a1234567b":                   "a******b",
		"123456 123456":               "****** ******",
		"OTP 7395 is wrong":           "OTP ****** is wrong",
		"OTP 7-3.9 5":                 "OTP ******",
		"73a95":                       "73a95",
		"१२३४५६":                      "******",
		"  spaced\tout\n":             "spaced out",
		"2026-01-30 10:15":            "2026-01-30 10:15",
		"Retry after 30 s, 3 of 5 up": "Retry after 30 s, 3 of 5 up",
	} {
		require.Equal(t, want, blanked(text, "7395"), "%q", text)
	}
}

// Whatever the vendor answers, what is passed on of it holds no long number, nor what
// was sent, and the data are part of the answer as they stand there.
func FuzzWhatThePartnerIsTold(f *testing.F) {
	for _, body := range []string{
		`{"code":200,"sub_code":"SUCCESS","message":"sent to 9876543210","transaction_id":"t","timestamp":1738303175394,"data":{"a":[1]}}`,
		`{"code":"422","detail":"2341 2341 2346"}`, `{"detail":[{"msg":"x"}]}`, `{"data":{"a":1,"a":2}}`, `{"code":1,"code":2}`, `<html>`, ``, `[]`, `"x"`, "{\"x\":\"\xff\"}",
	} {
		f.Add([]byte(body), "234123412346")
	}
	f.Fuzz(func(t *testing.T, body []byte, private string) {
		if !wire.OTP(private) {
			private = "234123412346"
		}
		said, data, ok, class := readOTPBody(body, private)
		if class != "" {
			require.Zero(t, said)
			require.Nil(t, data)
			require.False(t, ok)
			return
		}
		for _, text := range []string{said.Message, said.SubCode} {
			run := 0
			for _, r := range text {
				if run++; wire.Digit(r) < 0 {
					run = 0
				}
				require.Less(t, run, longRun)
			}
			require.True(t, utf8.ValidString(text))
			require.LessOrEqual(t, utf8.RuneCountInString(text), maxMessage)
			require.False(t, holds(text, private))
		}
		require.False(t, holds(said.TransactionID, private))
		require.True(t, printable(said.TransactionID, 0, maxID))
		if data != nil {
			require.Contains(t, string(body), string(data))
			require.True(t, jsontext.Value(data).IsValid(jsontext.AllowDuplicateNames(true)))
			require.Equal(t, jsontext.Kind('{'), jsontext.Value(data).Kind())
		}
	})
}
