package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// openLoop asks at a fixed rate, whatever the target does: a request that should
// go out goes out, on a connection of its own if all are busy, so that a slow moment
// of the target is not hidden by asking less.
func (l *lab) openLoop(ctx context.Context, t target, perSecond int, length time.Duration) (took []time.Duration, failed int, err error) {
	n, run := 0, rand.Text()
	targeter := func(hit *vegeta.Target) error { // called by one goroutine at a time
		n++
		hit.Method, hit.URL = http.MethodGet, t.url()
		if t.body != "" {
			hit.Method, hit.Body = http.MethodPost, fmt.Appendf(nil, `%s%s-%09d"}`, t.body, run, n)
			hit.Header = http.Header{"Content-Type": {"application/json"}, "Origin": {page}}
		}
		return nil
	}
	attacker := vegeta.NewAttacker(vegeta.Connections(1024), vegeta.Workers(64), vegeta.Timeout(20*time.Second))
	defer attacker.Stop()
	var last string
	for result := range attacker.Attack(oneAtATime(targeter), vegeta.Rate{Freq: perSecond, Per: time.Second}, length, t.name) {
		if result.Code >= 400 || result.Error != "" {
			failed++
			last = fmt.Sprint(result.Code, " ", result.Error)
		}
		took = append(took, result.Latency)
	}
	if ctx.Err() != nil {
		return nil, 0, ctx.Err()
	}
	if 20*failed > len(took) {
		return nil, 0, fmt.Errorf("%s: %d of %d requests failed, the last with %s", t.name, failed, len(took), last)
	}
	return took, failed, nil
}

// oneAtATime guards a targeter: the attacker's workers call it.
func oneAtATime(next vegeta.Targeter) vegeta.Targeter {
	turn := make(chan struct{}, 1)
	return func(hit *vegeta.Target) error {
		turn <- struct{}{}
		defer func() { <-turn }()
		return next(hit)
	}
}

// percentile is the time within which so many of a thousand were answered.
func percentile(took []time.Duration, perMille int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return sorted[min(len(sorted)*perMille/1000, len(sorted)-1)]
}
