package httpapi_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
)

// Who leaves gives up the wait, not the others' call and not the consent.
func TestAClientThatLeavesSpoilsNothing(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s"})
	arrived, release := make(chan struct{}, 100), make(chan struct{})
	r.Vendor.SetIntercept(func(_ http.ResponseWriter, q *http.Request) bool {
		arrived <- struct{}{}
		select {
		case <-release:
		case <-q.Context().Done():
		}
		return false
	})
	impatient, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		gone <- r.Send(impatient, apitest.Call{Path: "/v1/sessions", Origin: apitest.ShopOrigin, JSON: decision})
	}()
	<-arrived
	leave()
	require.Error(t, <-gone)
	// The consent stands; the repeat under the same key takes it up.
	close(release)
	begun := r.Begin(t, decision)
	require.Equal(t, 1, r.Entries(t, apitest.Shop, "s"))
	kinds := r.Kinds(t, apitest.Shop, begun.Consent.ID)
	require.Equal(t, "given", kinds[0])
	require.NotContains(t, kinds[1:], "given")
	require.Equal(t, len(kinds)-1, r.Vendor.Connects(begun.Consent.ID), "the call in vain is a use too")
	require.NotContains(t, r.Logged(), `"code":"internal"`)
}
