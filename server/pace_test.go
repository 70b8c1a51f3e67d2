package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/pace/pacetest"
	"ekycconnect/server/internal/startline"
	"ekycconnect/wasm/wire"
)

// paceTime is how long the run against the emulator's own limiter takes; `make
// pace` takes a minute, so that the window of a minute is seen as well.
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

// Three programs as in production: visitors, who come faster than the plan
// allows; the relay, which spends the plan; and a vendor that refuses what is
// above it.
func TestTheWholeAllowanceIsSpentAndTheVendorNeverRefuses(t *testing.T) {
	const plan = "growth"
	vendor := startVendor(t, "--plan", plan)
	p := start(t, "--vendor-url", vendor, "--vendor-plan", plan)
	decision := p.decision("", "")
	delete(decision, "subject")

	gap := pacetest.Gap(plan)
	var mu sync.Mutex
	answers := map[string]int{}
	var visitors sync.WaitGroup
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	late := pacetest.Lateness(ctx)
	begin := time.Now()
	for n, tick := 0, time.NewTicker(gap); time.Since(begin) < *paceTime; n++ {
		body := map[string]string{}
		for name, value := range decision {
			body[name] = value
		}
		body["idempotency_key"] = fmt.Sprintf("visitor-number-%06d", n)
		visitors.Go(func() {
			var reply struct {
				Code       wire.Code `json:"code"`
				RetryAfter int       `json:"retry_after"`
			}
			if status, err := p.do(ctx, "POST", "/v1/sessions", body, fromPage, &reply); err == nil {
				mu.Lock()
				answers[fmt.Sprint(status, " ", reply.Code)]++
				mu.Unlock()
			}
		})
		<-tick.C
	}
	took := time.Since(begin)
	stats := vendorStats(t, vendor)
	leave() // who still waits is not waited for
	visitors.Wait()

	least := 0.99
	if *paceTime < 30*time.Second { // of so few calls, one is more than a percent
		least = 0.94
	}
	pacetest.Run{Plan: plan, Took: took, Vendor: stats, Answers: answers, Late: late(), Least: least}.Judge(t)
}
