package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnAppsSchemeIsItsOwn(t *testing.T) {
	for _, written := range []string{"bankapp", "com.bank.app", "x2"} {
		var s AppScheme
		require.NoError(t, s.UnmarshalText([]byte(written)), written)
		require.EqualValues(t, written, s)
	}
	for written, want := range map[string]string{
		"https": "https needs no entry", "http": "not an app's own", "javascript": "not an app's own", "data": "not an app's own", "blob": "not an app's own",
		"file": "not an app's own", "intent": "not an app's own", "bankapp:": "the scheme alone", "bankapp://": "the scheme alone", "BankApp": "in lower case",
		"": "the scheme alone", "b": "the scheme alone", "1app": "the scheme alone", "*": "the scheme alone", "bank app; script-src *": "the scheme alone",
	} {
		var s AppScheme
		require.ErrorContains(t, s.UnmarshalText([]byte(written)), want, written)
		require.Empty(t, s)
	}
}

func TestAppSchemesStandBesideReturnURLs(t *testing.T) {
	const origins, returns = "origins: [https://WWW.bank.example:443]", "\n    return_urls: [https://www.bank.example/consent]"
	for schemes, want := range map[string]string{
		"\n    app_schemes: [bankapp]":                           "sites[0].app_schemes: does nothing without return_urls",
		returns + "\n    app_schemes: [bankapp, other, bankapp]": "sites[0].app_schemes[2]: is the same scheme as sites[0].app_schemes[0]",
		returns + "\n    app_schemes: [https]":                   "sites[0].app_schemes[0]",
		returns + "\n    app_schemes: [bankapp, com.bank.app]":   "",
	} {
		c, err := load(t, edit(t, origins, origins+schemes))
		if want != "" {
			require.ErrorContains(t, err, want)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, []string{"bankapp", "com.bank.app"}, c.Sites[0].Schemes())
	}
}
