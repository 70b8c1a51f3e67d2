package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// connections is how many a throughput is taken with.
const connections = 256

// target is a program under load, and what it is asked.
type target struct {
	name    string
	program *program
	path    string
	body    string // up to the idempotency key, of which each request has its own; "" for a GET
}

// url is where it is asked.
func (t target) url() string { return t.program.URL + t.path }

// rate is what a target did under as much load as it took.
type rate struct {
	perSecond float64       // that were answered well
	cpu       time.Duration // of the program, for one request
	failed    int
}

// closedLoop asks as often as the target answers, on all connections, by wrk,
// which costs less of the shared processors than a load generator in Go would.
func (l *lab) closedLoop(ctx context.Context, t target, length time.Duration) (r rate, err error) {
	script, err := os.CreateTemp(l.dir, "*.lua")
	if err != nil {
		return r, err
	}
	if _, err := script.WriteString(lua(t.body)); err != nil {
		return r, err
	}
	if err := script.Close(); err != nil {
		return r, err
	}
	before := t.program.cpu()
	out, err := output(ctx, "wrk", "-t1", "-c"+strconv.Itoa(connections), fmt.Sprintf("-d%.0fs", length.Seconds()), "--timeout", "20s", "-s", script.Name(), t.url())
	used := t.program.cpu() - before
	if err != nil {
		return r, err
	}
	var sum struct {
		Requests int `json:"requests"`
		Micros   int `json:"us"`
		Failed   int `json:"failed"`
	}
	last := out[lastLine(out):]
	if err := json.Unmarshal([]byte(last), &sum); err != nil {
		return r, fmt.Errorf("wrk says %q: %w", last, err)
	}
	if 20*sum.Failed > sum.Requests || sum.Requests == 0 {
		return r, fmt.Errorf("%s: %d of %d requests failed", t.name, sum.Failed, sum.Requests)
	}
	return rate{float64(sum.Requests-sum.Failed) / float64(sum.Micros) * 1e6, used / time.Duration(sum.Requests), sum.Failed}, nil
}

func lastLine(text string) int {
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == '\n' {
			return i + 1
		}
	}
	return 0
}

// lua is what wrk runs: each request has an idempotency key of its own, in which
// a letter keeps the counter from following other digits.
func lua(body string) string {
	request := ""
	if body != "" {
		request = fmt.Sprintf(`
local n, head = 0, %q
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Origin"] = %q
function request()
  n = n + 1
  return wrk.format(nil, nil, nil, string.format("%%sx%%09d\"}", head, n))
end`, body+rand.Text(), page)
	}
	return request + `
function done(sum)
  local e = sum.errors
  io.write(string.format('{"requests":%d,"us":%d,"failed":%d}\n', sum.requests, sum.duration, e.connect + e.read + e.write + e.status + e.timeout))
end`
}
