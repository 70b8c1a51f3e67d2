package httpapi_test

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/script"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// network is one way in which the line between relay and vendor is bad.
type network struct {
	name   string
	toxics []string // as toxiproxy's interface takes them
	heals  bool     // the toxics are gone when the vendor has the second call
	cut    bool     // nobody listens
	code   wire.Code
	calls  int
	least  time.Duration // that the answer takes
}

// The deadline of one operation: where the network outlasts it, and where what comes of
// the call is to be seen, however slow this machine is.
const (
	impatience = 2 * time.Second
	patience   = time.Minute
)

func (n network) deadline() time.Duration {
	if n.code == wire.VendorTimeout {
		return impatience
	}
	return patience
}

// Of a picture of 100 KB, so that it takes several packets.
var networks = []network{
	{name: "well", calls: 1},
	{name: "200 ms away", toxics: []string{`{"type":"latency","attributes":{"latency":200}}`}, calls: 1, least: 200 * time.Millisecond},
	{name: "200 ms away, with jitter", toxics: []string{`{"type":"latency","attributes":{"latency":200,"jitter":150}}`}, calls: 1, least: 50 * time.Millisecond},
	{name: "away both ways", toxics: []string{`{"type":"latency","attributes":{"latency":200}}`, `{"type":"latency","stream":"upstream","attributes":{"latency":200}}`}, calls: 1, least: 400 * time.Millisecond},
	{name: "further than anybody waits", toxics: []string{`{"type":"latency","attributes":{"latency":5000}}`}, code: wire.VendorTimeout, calls: 1, least: impatience},
	{name: "narrow", toxics: []string{`{"type":"bandwidth","attributes":{"rate":400}}`}, calls: 1, least: 200 * time.Millisecond},
	{name: "too narrow", toxics: []string{`{"type":"bandwidth","attributes":{"rate":10}}`}, code: wire.VendorTimeout, calls: 1, least: impatience},
	{name: "in slices", toxics: []string{`{"type":"slicer","attributes":{"average_size":2048,"size_variation":1024,"delay":100}}`}, calls: 1},
	{name: "asked in slices", toxics: []string{`{"type":"slicer","stream":"upstream","attributes":{"average_size":8,"size_variation":4,"delay":1000}}`}, calls: 1},
	{name: "a hole, there", toxics: []string{`{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`}, code: wire.VendorTimeout, calls: 1, least: impatience},
	{name: "a hole, back", toxics: []string{`{"type":"timeout","attributes":{"timeout":0}}`}, code: wire.VendorTimeout, calls: 1, least: impatience},
	{name: "a hole that closes", toxics: []string{`{"type":"timeout","attributes":{"timeout":100}}`}, code: wire.VendorUnavailable, calls: 3},
	{name: "reset there", toxics: []string{`{"type":"reset_peer","stream":"upstream","attributes":{"timeout":0}}`}, code: wire.VendorUnavailable, calls: 3},
	{name: "reset back", toxics: []string{`{"type":"reset_peer","attributes":{"timeout":0}}`}, code: wire.VendorUnavailable, calls: 3},
	{name: "reset back, later", toxics: []string{`{"type":"reset_peer","attributes":{"timeout":100}}`}, code: wire.VendorUnavailable, calls: 3},
	{name: "reset, then well", toxics: []string{`{"type":"reset_peer","attributes":{"timeout":0}}`}, heals: true, calls: 2},
	{name: "ends in the request", toxics: []string{`{"type":"limit_data","stream":"upstream","attributes":{"bytes":50}}`}, code: wire.VendorUnavailable, calls: 3},
	{name: "ends in the headers", toxics: []string{`{"type":"limit_data","attributes":{"bytes":50}}`}, code: wire.VendorUnavailable, calls: 3},
	{name: "ends in the body", toxics: []string{`{"type":"limit_data","attributes":{"bytes":50000}}`}, code: wire.VendorUnavailable, calls: 3},
	{name: "ends in the body, then well", toxics: []string{`{"type":"limit_data","attributes":{"bytes":50000}}`}, heals: true, calls: 2},
	{name: "closes slowly", toxics: []string{`{"type":"slow_close","attributes":{"delay":500}}`}, calls: 1},
	{name: "all at once", toxics: []string{`{"type":"latency","attributes":{"latency":100,"jitter":50}}`, `{"type":"bandwidth","attributes":{"rate":400}}`, `{"type":"slicer","attributes":{"average_size":4096,"size_variation":1024}}`}, calls: 1},
	{name: "nobody there", cut: true, code: wire.VendorUnavailable},
}

// A network that is bad in every way: the person is told the truth in time, the
// ledger knows of each call, and nothing is left behind.
func TestABadNetworkToTheVendorIsToldAndLeavesNothingBehind(t *testing.T) {
	good := script.Say(200, script.Started(script.Base64(script.Padded(100<<10))))
	before := sizeOfProcess(t)
	t.Run("rows", func(t *testing.T) {
		site := func(i int) string { return fmt.Sprintf("pk_network_%d", i) }
		r := apitest.New(t, func(c *config.Config) {
			for i := range networks {
				apitest.WithSite(site(i))(c)
			}
		})
		apart(t, len(networks), func(i int) (string, func(*testing.T)) {
			row, site := networks[i], site(i)
			proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "vendor", "127.0.0.1:0", "")
			vendor := script.NewVendor(t, func(w http.ResponseWriter, q *http.Request, call int) {
				if row.heals && call == 2 {
					proxy.Toxics.ResetToxics(q.Context())
				}
				good(w, q, call)
			})
			proxy.Upstream = strings.TrimPrefix(vendor.URL, "http://")
			require.NoError(t, proxy.Start())
			t.Cleanup(proxy.Stop)
			for _, toxic := range row.toxics {
				_, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic))
				require.NoError(t, err)
			}
			address := "http://" + proxy.Listen
			if row.cut {
				address = "http://127.0.0.1:1" // a port that was just closed may be another server's by now
			}
			vendorAt(t, r, site, address, nil, deepvue.Backoff(250*time.Millisecond), deepvue.Deadline(row.deadline()))

			return row.name, func(t *testing.T) {
				for _, visitor := range []string{"first", "on the connection that is kept"} {
					begin := time.Now()
					a := r.Agree(t, r.Decision(t, site))
					took := time.Since(begin)
					want := outcomes[row.code]
					require.Equal(t, want.status, a.Status, "%s: %.300s", visitor, a.Body)
					require.GreaterOrEqual(t, took, row.least)
					require.Less(t, took, patience)
					calls, consentID := row.calls, ""
					if row.code == "" {
						var begun wire.SessionReply
						a.Into(t, &begun)
						consentID = begun.Consent.ID
					} else {
						problem := a.Problem(t)
						require.Equal(t, row.code, problem.Code)
						require.Equal(t, want.retryable, problem.Retryable)
						require.Equal(t, want.fault, problem.Fault)
						consentID = problem.Consent.ID
					}
					require.Len(t, r.Kinds(t, site, consentID), 1+calls, "each call is a use of the consent")
					t.Logf("%-30s %-30s %d %-18s %d calls %6d ms", row.name, visitor, a.Status, row.code, calls, took.Milliseconds())
					if row.heals {
						break
					}
				}
			}
		})
	})
	http.DefaultClient.CloseIdleConnections()
	after := sizeOfProcess(t)
	for end := time.Now().Add(time.Minute); (after.goroutines > before.goroutines || after.descriptors > before.descriptors) && time.Now().Before(end); after = sizeOfProcess(t) {
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("goroutines %d, then %d; descriptors %d, then %d", before.goroutines, after.goroutines, before.descriptors, after.descriptors)
	require.LessOrEqual(t, after.goroutines, before.goroutines)
	require.LessOrEqual(t, after.descriptors, before.descriptors)
}

// apart makes n subtests, then runs six at a time, more than there are processors:
// they wait.
func apart(t *testing.T, n int, test func(i int) (name string, run func(*testing.T))) {
	t.Helper()
	names, runs := make([]string, n), make([]func(*testing.T), n)
	for i := range n {
		names[i], runs[i] = test(i)
	}
	var all errgroup.Group
	all.SetLimit(6)
	for i := range n {
		all.Go(func() error { t.Run(names[i], runs[i]); return nil })
	}
	require.NoError(t, all.Wait())
}

type size struct{ goroutines, descriptors int }

// sizeOfProcess leaves out the goroutines that toxiproxy forgets itself.
func sizeOfProcess(t *testing.T) (s size) {
	t.Helper()
	stacks := make([]byte, 4<<20)
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if !strings.Contains(stack, "Shopify/toxiproxy") {
			s.goroutines++
		}
	}
	open, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	s.descriptors = len(open)
	return s
}
