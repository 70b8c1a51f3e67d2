package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
)

// client asks what a page and a partner's back end ask.
type client struct {
	url  string
	site *site
	http *http.Client
}

func newClient(url string, s *site, connections int) *client {
	return &client{url, s, &http.Client{
		Timeout: 35 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * connections},
	}}
}

func key() string { return rand.Text() }

// shown is a notice on a page.
type shown struct {
	Notice struct {
		SHA256 string `json:"sha256"`
	} `json:"notice"`
	Presentation string `json:"presentation"`

	sitekey string
}

func (s shown) decision() map[string]string {
	return map[string]string{
		"sitekey": s.sitekey, "purpose": purpose, "presentation": s.Presentation,
		"notice_sha256": s.Notice.SHA256, "idempotency_key": key(),
	}
}

// consented is in the answer to a decision, and in a problem after its commit.
type consented struct {
	Consent struct {
		ID         string `json:"id"`
		ReceiptURL string `json:"receipt_url"`
	} `json:"consent"`
}

func (c *client) view(ctx context.Context) (s shown, err error) {
	s.sitekey = c.site.Sitekey()
	_, err = c.do(ctx, http.MethodGet, "/v1/view?sitekey="+s.sitekey+"&purpose="+purpose, nil, map[string]string{"Origin": origin}, &s)
	return s, err
}

// page posts as a page does. Status 0 is no answer at all.
func (c *client) page(ctx context.Context, path string, body, into any) (status int) {
	status, _ = c.do(ctx, http.MethodPost, path, body, map[string]string{"Origin": origin}, into)
	return status
}

func (c *client) bearer() map[string]string {
	return map[string]string{"Authorization": "Bearer " + c.site.secret}
}

// partner posts an empty request until it is answered.
func (c *client) partner(ctx context.Context, path string) (status int) {
	for begin := time.Now(); time.Since(begin) < insist && ctx.Err() == nil; pass(ctx, 100*time.Millisecond) {
		var reply struct{}
		if status, _ = c.do(ctx, http.MethodPost, path, struct{}{}, c.bearer(), &reply); status != 0 && status < 500 {
			break
		}
	}
	return status
}

// verdict is what siteverify said.
type verdict struct {
	success bool
	text    string
}

// verify redeems a token, and asks again until there is a verdict.
func (c *client) verify(ctx context.Context, body any) (v verdict) {
	for begin := time.Now(); time.Since(begin) < insist && ctx.Err() == nil; pass(ctx, 100*time.Millisecond) {
		var reply struct {
			Success bool `json:"success"`
		}
		text, status, err := c.send(ctx, http.MethodPost, "/v1/siteverify", body, c.bearer())
		if err == nil && status == http.StatusOK && json.Unmarshal(text, &reply) == nil {
			return verdict{reply.Success, string(text)}
		}
	}
	return verdict{}
}

// record is a consent as its partner sees it.
type record struct {
	Events []struct {
		Kind string `json:"kind"`
	} `json:"events"`
}

func (c *client) record(ctx context.Context, id string) (r record, status int, err error) {
	status, err = c.do(ctx, http.MethodGet, "/v1/consents/"+id, nil, c.bearer(), &r)
	return r, status, err
}

func (c *client) do(ctx context.Context, method, path string, body any, headers map[string]string, into any) (status int, err error) {
	text, status, err := c.send(ctx, method, path, body, headers)
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(text, into); err != nil && status < 400 { // a balancer's page is not JSON
		return 0, err
	}
	return status, nil
}

func (c *client) send(ctx context.Context, method, path string, body any, headers map[string]string) (text []byte, status int, err error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, 0, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, reader)
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(answer.Body)
	return text, answer.StatusCode, err
}
