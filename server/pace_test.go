package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
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
	type run struct {
		plan     string
		load     float64
		accounts int
	}
	runs := []run{{"growth", 1.5, 1}}
	if *paceTime >= time.Minute {
		runs = append(runs, run{"growth", 5, 1}, run{"starter", 1.5, pacetest.StarterAccounts}, run{"starter", 5, pacetest.StarterAccounts})
	}
	for _, r := range runs {
		t.Run(fmt.Sprint(r.plan, " ", r.load), func(t *testing.T) {
			t.Parallel()
			people := pacetest.People{Plan: r.plan, Relays: 1, Load: r.load, Length: *paceTime}
			for range r.accounts {
				people.Accounts = append(people.Accounts, pacedAccount(t, r.plan))
			}
			people.Run(t)
		})
	}
}

// pacedAccount is an account of a relay and a vendor of its own.
func pacedAccount(t *testing.T, plan string) pacetest.Account {
	t.Helper()
	vendor := startVendor(t, "--plan", plan)
	p := start(t, "--vendor-url", vendor, "--vendor-plan", plan)
	decision := p.decision("", "")
	delete(decision, "subject")
	partner := map[string]string{"Authorization": "Bearer sk_test_pass"}
	return pacetest.Account{
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
}
