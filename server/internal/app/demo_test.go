package app

import (
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
)

func TestTheDemoOffersEveryTestSitekeyAndShowsNoSecret(t *testing.T) {
	c, _, err := config.Sandbox(config.SandboxOptions{Data: t.TempDir(), PublicURL: "http://localhost:1", VendorURL: "http://127.0.0.1:2"})
	require.NoError(t, err)
	handler, err := newDemo(c, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, sitekey := range config.TestSitekeys {
		require.Contains(t, w.Body.String(), `value="`+sitekey+`"`)
		require.NotContains(t, w.Body.String(), config.TestSecret(sitekey))
	}
}
