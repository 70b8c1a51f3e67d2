package main

import (
	"context"
	"crypto/rand"
	"flag"
	"maps"
	"net/http"
	"os/exec"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/pace/pacetest"
	"ekycconnect/server/internal/startline"
)

// paceTime is how long the run against the emulator's own limiter takes; `make
// pace` takes three minutes, so that the window of a minute is seen as well.
var paceTime = flag.Duration("pace", 8*time.Second, "length of the run at a plan's full allowance")

// startVendor runs the emulator as a program of its own.
func startVendor(t *testing.T, args ...string) (url string) {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	cmd := exec.Command(path, append([]string{"sandbox", "--listen", "127.0.0.1:0"}, args...)...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	at, err := startline.Read(stdout)
	require.NoError(t, err)
	return at.URL
}

func vendorStats(t *testing.T, url string) (s sandbox.Stats) {
	t.Helper()
	answer, err := http.Get(url + sandbox.StatsPath)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.NoError(t, json.UnmarshalRead(answer.Body, &s))
	return s
}

// Three programs as in production: people, more than the plan carries; the relay, which
// spends the plan; and a vendor that refuses what is above it.
func TestTheWholeAllowanceIsSpentAndTheVendorNeverRefuses(t *testing.T) {
	plans := []string{"growth"}
	if *paceTime >= time.Minute {
		plans = append(plans, "starter")
	}
	for _, plan := range plans {
		t.Run(plan, func(t *testing.T) {
			t.Parallel()
			vendor := startVendor(t, "--plan", plan)
			p := start(t, "--vendor-url", vendor, "--vendor-plan", plan)
			decision := p.decision("", "")
			delete(decision, "subject")
			partner := map[string]string{"Authorization": "Bearer sk_test_pass"}
			people := pacetest.People{
				Plan: plan, Relays: 1, Length: *paceTime,
				Post: func(ctx context.Context, asPartner bool, route string, body, into any) int {
					headers := fromPage
					if asPartner {
						headers = partner
					}
					status, _ := p.do(ctx, "POST", route, body, headers, into)
					return status
				},
				Agree: func() map[string]string {
					body := maps.Clone(decision)
					body["idempotency_key"] = rand.Text()
					return body
				},
				Vendor: func() sandbox.Stats { return vendorStats(t, vendor) },
			}
			people.Run(t)
		})
	}
}
