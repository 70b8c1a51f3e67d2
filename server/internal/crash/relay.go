package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"sync"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/startline"
)

// relay is a running sandbox with its emulator.
type relay struct {
	url  string
	http *http.Client
	kill func()
}

func (c *crash) start(ctx context.Context) (*relay, error) {
	cmd := exec.CommandContext(ctx, c.program, "serve", "--sandbox", "--data", c.data, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	var log bytes.Buffer
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: c.callers}
	r := &relay{http: &http.Client{Transport: transport}, kill: sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // SIGKILL
		_ = cmd.Wait()         // its error says that it was killed
		transport.CloseIdleConnections()
	})}
	at, err := startline.Read(stdout)
	if err != nil {
		r.kill()
		return nil, fmt.Errorf("the relay does not start: %w: %s", err, log.String())
	}
	r.url = at.URL
	return r, nil
}

const (
	site   = "pk_test_pass"
	secret = "sk_test_pass"
	origin = "http://localhost:3000"
)

// view is what a page needs to agree.
type view struct {
	Notice struct {
		SHA256 string `json:"sha256"`
	} `json:"notice"`
	Presentation string `json:"presentation"`
}

func (r *relay) view(ctx context.Context) (v view, err error) {
	status, err := r.do(ctx, "GET", "/v1/view?sitekey="+site+"&purpose=account-opening", nil, &v)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("view: status %d", status)
	}
	return v, err
}

// agree asks for one consent. A problem that names a consent has recorded it as
// well.
func (r *relay) agree(ctx context.Context, shown view) (id string, err error) {
	var reply struct {
		Consent struct {
			ID string `json:"id"`
		} `json:"consent"`
	}
	status, err := r.do(ctx, "POST", "/v1/sessions", map[string]string{
		"sitekey": site, "purpose": "account-opening", "presentation": shown.Presentation,
		"notice_sha256": shown.Notice.SHA256, "idempotency_key": rand.Text(),
	}, &reply)
	if err == nil && reply.Consent.ID == "" {
		err = fmt.Errorf("session: status %d", status)
	}
	return reply.Consent.ID, err
}

func (r *relay) has(ctx context.Context, id string) (bool, error) {
	var record struct {
		Record struct {
			ID string `json:"record_id"`
		} `json:"record"`
	}
	status, err := r.do(ctx, "GET", "/v1/consents/"+id, nil, &record)
	switch {
	case err != nil:
		return false, err
	case status != http.StatusOK && status != http.StatusNotFound:
		return false, fmt.Errorf("consent %s: status %d", id, status)
	}
	return record.Record.ID == id, nil
}

func (r *relay) do(ctx context.Context, method, path string, body, into any) (status int, err error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, r.url+path, reader)
	if err != nil {
		return 0, err
	}
	if method == http.MethodGet && path[:5] == "/v1/c" { // a partner's route
		request.Header.Set("Authorization", "Bearer "+secret)
	} else {
		request.Header.Set("Origin", origin)
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := r.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err // the kill cut it off
	}
	return answer.StatusCode, json.Unmarshal(text, into)
}
