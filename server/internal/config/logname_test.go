package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestALogIsNamedAfterThePublicURLWithoutItsPort(t *testing.T) {
	for public, want := range map[string]string{
		"https://consent.example.com":      "consent.example.com/v1/log",
		"https://consent.example.com:8443": "consent.example.com/v1/log",
		"https://example.com/deep/consent": "example.com/deep/consent/v1/log",
		"http://127.0.0.1:8080":            "127.0.0.1/v1/log",
	} {
		c := Config{PublicURL: public}
		new(reader).checkLog(&c)
		require.Equal(t, want, c.Log.Origin)
		require.Regexp(t, originShape, want)
	}
}

func TestNamesThatNoLogCanHaveAreRefused(t *testing.T) {
	for _, origin := range []string{"https://a.example", "a.example:8080/v1/log", "a b", "a+b", "a.example/", "a\nb", "/x"} {
		r := &reader{}
		r.checkLog(&Config{Log: Log{Origin: origin, PublishEvery: time.Minute}})
		require.Len(t, r.problems, 1, "%q", origin)
		require.ErrorContains(t, r.problems[0], "log.origin")
	}
	r := &reader{}
	r.checkLog(&Config{Log: Log{Origin: "a.example", PublishEvery: -1, CopyTo: "http://auditor.example/"}})
	require.Len(t, r.problems, 2)
}
