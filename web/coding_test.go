package web

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCodingGoesByWhatTheClientAccepts(t *testing.T) {
	for accept, want := range map[string]string{
		"":                                  "",
		"identity":                          "",
		"br":                                "br",
		"gzip":                              "gzip",
		"x-gzip":                            "gzip",
		"gzip, deflate, br":                 "br",
		"gzip, deflate, br, zstd":           "br",
		"GZIP;Q=1.0":                        "gzip",
		"br;q=0, gzip":                      "gzip",
		"br;q=0.0,gzip;q=0":                 "",
		"br;q=0.5, gzip;q=0.8":              "gzip",
		"*":                                 "br",
		"*;q=0":                             "",
		"*;q=0, gzip":                       "gzip",
		"br;q=0, *":                         "gzip",
		"identity;q=1, *;q=0":               "",
		"identity;q=1, gzip;q=0.5":          "",
		"gzip;q=abc":                        "",
		"br;q=2, gzip":                      "gzip",
		"deflate":                           "",
		" br ; q=0.1 ":                      "br",
		"gzip;q=0.001, identity;q=0":        "gzip",
		"compress, gzip;level=9, br;q=0.01": "gzip",
	} {
		require.Equal(t, want, Coding(accept), "%q", accept)
	}
}

func FuzzCodingIsOneThatIsServed(f *testing.F) {
	for _, s := range []string{"", "gzip, deflate, br", "br;q=0, *;q=0.1", ";;,,=;q=", "*;q=1e9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		require.Contains(t, []string{"", "br", "gzip"}, Coding(accept))
	})
}
