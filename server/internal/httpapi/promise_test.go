package httpapi_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/httpapi/apitest"
)

// The product's promise: when the vendor is called, the consent is in the
// ledger's file. The emulator looks there itself, through a connection of its
// own, before it answers.
func TestAtEveryVendorCallTheConsentIsInTheFile(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.Data, "ledger.db")+"?mode=ro&_pragma=query_only(1)")
	require.NoError(t, err)
	defer db.Close()
	var looked atomic.Int32
	var mu sync.Mutex
	var broken []string
	r.Vendor.SetIntercept(func(_ http.ResponseWriter, q *http.Request) bool {
		looked.Add(1)
		if err := committed(db, q.Header.Get(sandbox.TraceHeader), 1); err != nil {
			mu.Lock()
			defer mu.Unlock()
			broken = append(broken, err.Error())
		}
		return false
	})
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			site := []string{apitest.Shop, apitest.Bank}[i%2]
			decision := r.Decision(t, site)
			r.Agree(t, decision)
			begun := r.Begin(t, decision)
			r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.Origin(site), JSON: apitest.M{"session": begun.Session}})
		})
	}
	all.Wait()
	for _, site := range []string{apitest.Down, apitest.Busy, apitest.BadJPEG} {
		require.NotNil(t, r.Agree(t, r.Decision(t, site)).Problem(t).Consent)
	}
	require.Empty(t, broken)
	stats := r.Vendor.Stats()
	require.EqualValues(t, stats.Connect+stats.ReloadCaptcha, looked.Load())
	require.Zero(t, stats.Untraced)
	require.Equal(t, 23, stats.Consents)
	// Afterwards each call stands in the file as a use.
	for _, id := range r.Vendor.Consents() {
		require.NoError(t, committed(db, id, 1))
	}
	var used int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM event WHERE kind = 'used'").Scan(&used))
	require.Equal(t, stats.Connect+stats.ReloadCaptcha, used)
}

// committed looks for the `given` event of a consent.
func committed(db *sql.DB, id string, want int) error {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return fmt.Errorf("consent %q: %w", id, err)
	}
	var given int
	if err := db.QueryRow("SELECT count(*) FROM event WHERE kind = 'given' AND consent = ?", parsed[:]).Scan(&given); err != nil {
		return err
	}
	if given != want {
		return fmt.Errorf("consent %s was given %d times when the vendor was called", id, given)
	}
	return nil
}
