package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// load is 50 requests a second, of which a third are consents with vendor calls, and
// what became of them.
type load struct {
	base     string
	decision map[string]string
	client   *http.Client

	mu       sync.Mutex
	answered int
	lost     []string
	consents map[string]int // how often each was answered
}

func newLoad(p *process, base string, transport *http.Transport) *load {
	decision := p.decision("", "")
	delete(decision, "subject")
	return &load{
		base: base, decision: decision, consents: map[string]int{},
		client: &http.Client{Timeout: 2 * time.Minute, Transport: transport},
	}
}

// during asks while do runs, and returns when all that was asked is answered.
func (l *load) during(t *testing.T, do func()) {
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(time.Second / 50)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			all.Go(func() { l.send(context.WithoutCancel(ctx), n) })
		}
	})
	defer all.Wait()
	defer stop()
	do()
}

// wait waits until so many are answered.
func (l *load) wait(t *testing.T, answered int) {
	t.Helper()
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.answered >= answered || len(l.lost) > 0
	}, time.Minute, pollEvery)
}

func (l *load) send(ctx context.Context, n int) {
	consent, err := l.ask(ctx, n)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.lost = append(l.lost, fmt.Sprintf("request %d: %v", n, err))
	case consent != "":
		l.consents[consent]++
		fallthrough
	default:
		l.answered++
	}
}

// ask sends the nth request.
func (l *load) ask(ctx context.Context, n int) (consent string, err error) {
	method, path, body, want := http.MethodGet, "/v1/integrity.json", "", http.StatusOK
	switch n % 3 {
	case 0:
		decision := maps.Clone(l.decision)
		decision["idempotency_key"] = fmt.Sprintf("under-load-%010d", n)
		text, err := json.Marshal(decision)
		if err != nil {
			return "", err
		}
		method, path, body, want = http.MethodPost, "/v1/sessions", string(text), http.StatusCreated
	case 1:
		path = "/v1/view?sitekey=pk_test_pass&purpose=account-opening"
	}
	request, err := http.NewRequestWithContext(ctx, method, l.base+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Origin", fromPage["Origin"])
	request.Header.Set("Content-Type", "application/json")
	// A decision has a key, and so it is sent again, as pages do it, where a connection that
	// was kept is closed as the request is on its way. Without a value this tells net/http alone.
	request.Header["Idempotency-Key"] = nil
	answer, err := l.client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		return "", fmt.Errorf("%d %w %.200s", answer.StatusCode, err, text)
	}
	if want != http.StatusCreated {
		return "", nil
	}
	var reply struct {
		Consent struct {
			ID string `json:"id"`
		} `json:"consent"`
	}
	err = json.Unmarshal(text, &reply)
	return reply.Consent.ID, err
}

// requireNothingLost looks at what became of all requests.
func (l *load) requireNothingLost(t *testing.T) {
	t.Helper()
	t.Logf("%d requests answered, %d lost, %d consents", l.answered, len(l.lost), len(l.consents))
	require.Empty(t, l.lost)
	for id, n := range l.consents {
		require.Equal(t, 1, n, "answers with consent %s", id)
	}
	require.NotEmpty(t, l.consents)
}
