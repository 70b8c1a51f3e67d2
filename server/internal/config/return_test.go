package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAReturnURLIsKeptByteForByte(t *testing.T) {
	for _, written := range []string{
		"https://bank.example/", "https://Bank.example:443/done?step=2&x=%C3%BC", "http://localhost:3000/done", "http://[::1]:8080/a/../b",
	} {
		c, err := load(t, edit(t, "origins:", "return_urls: ["+`"`+written+`"`+"]\n    origins:"))
		require.NoError(t, err, written)
		site := c.Sites[0]
		require.True(t, site.AllowsReturn(written))
		for _, other := range []string{
			"", written + "/", written + "?", written + "#", " " + written, strings.ToUpper(written), written + "&a=b", written[:len(written)-1],
			"https://bank.example.evil.example/", "https://bank.example@evil.example/", "//bank.example/", "javascript:alert(1)",
		} {
			require.False(t, site.AllowsReturn(other), "%q is not %q", other, written)
		}
	}
}

func TestASiteWithoutReturnURLsAllowsNone(t *testing.T) {
	c, err := load(t, good)
	require.NoError(t, err)
	for _, u := range []string{"", "https://www.bank.example/", "http://localhost/"} {
		require.False(t, c.Sites[0].AllowsReturn(u), u)
	}
}

func TestWhatIsNoReturnURLIsRefusedWithAdvice(t *testing.T) {
	for written, advice := range map[string]string{
		"":                                                 "write the whole address",
		"/done":                                            "write the whole address",
		"https:bank.example/done":                          "write the whole address",
		"https://bank.example":                             "at least a slash",
		"http://bank.example/done":                         "use https",
		"javascript://bank.example/%0aalert":               "the scheme must be https",
		"https://*.bank.example/done":                      "no wildcards",
		"https://bank.example/do ne":                       "no blanks",
		"https://bank.example/\"onclick=":                  "no blanks",
		"https://bücher.example/":                          "%-form",
		"https://canary@bank.example/":                     "neither a user nor a fragment",
		"https://bank.example/#":                           "neither a user nor a fragment",
		"https://bank.example:99999/":                      "1 to 65535",
		"https://bank.example/" + strings.Repeat("a", 236): "more than 256 bytes",
	} {
		var u ReturnURL
		require.ErrorContains(t, u.UnmarshalText([]byte(written)), advice, written)
	}
	_, err := load(t, edit(t, "origins:", "return_urls: [https://a.example/, https://a.example/]\n    origins:"))
	require.ErrorContains(t, err, "sites[0].return_urls[1]: is the same URL as sites[0].return_urls[0]")
}

func TestTheSandboxReturnsToThisMachineOnly(t *testing.T) {
	c, _, err := Sandbox(SandboxOptions{Data: t.TempDir(), PublicURL: "http://localhost:8080"})
	require.NoError(t, err)
	for u, want := range map[string]bool{
		"http://localhost:3000/done": true, "https://127.0.0.1/done?x=1": true, "http://[::1]:1/": true,
		"http://localhost.evil.example/": false, "http://evil.example/localhost": false, "http://localhost@evil.example/": false,
		"https://evil.example/": false, "javascript://localhost/": false, "//localhost/": false, "": false, "/done": false,
	} {
		require.Equal(t, want, c.Sites[0].AllowsReturn(u), u)
	}
}
