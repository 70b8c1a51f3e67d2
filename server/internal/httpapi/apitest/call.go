package apitest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

// M is the members of a JSON object.
type M = map[string]any

// Call is a request. The zero value of a field leaves it out.
type Call struct {
	Method string // GET if nothing is sent, else POST
	Path   string // with its query
	Origin string
	Secret string     // sent as Bearer
	JSON   any        // an object, or the raw body as a string
	Form   url.Values // sent in place of JSON
	Header http.Header
}

// Answer is what came back.
type Answer struct {
	Call
	Status int
	Header http.Header
	Body   []byte
}

// Into fills v from the answer's JSON.
func (a Answer) Into(t testing.TB, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.Body, v), "%.300s", a.Body)
}

// Problem is the answer as a problem.
func (a Answer) Problem(t testing.TB) (p wire.Problem) {
	t.Helper()
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"), "%d %.300s", a.Status, a.Body)
	a.Into(t, &p)
	return p
}

// Do sends a request and holds the answer against what is promised of all.
func (r *Relay) Do(t testing.TB, c Call) Answer {
	t.Helper()
	var body io.Reader
	media := ""
	switch sent := c.JSON.(type) {
	case nil:
		if c.Form != nil {
			body, media = strings.NewReader(c.Form.Encode()), "application/x-www-form-urlencoded"
		}
	case string:
		body, media = strings.NewReader(sent), "application/json"
	default:
		text, err := json.Marshal(sent)
		require.NoError(t, err)
		body, media = strings.NewReader(string(text)), "application/json"
	}
	if c.Method == "" {
		c.Method = http.MethodGet
		if body != nil {
			c.Method = http.MethodPost
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), c.Method, r.URL+c.Path, body)
	require.NoError(t, err)
	for name, value := range map[string]string{"Content-Type": media, "Origin": c.Origin} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	if c.Secret != "" {
		request.Header.Set("Authorization", "Bearer "+c.Secret)
	}
	for name, values := range c.Header {
		request.Header[name] = values
	}
	response, err := plain.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	a := Answer{Call: c, Status: response.StatusCode, Header: response.Header}
	a.Body, err = io.ReadAll(response.Body)
	require.NoError(t, err)
	r.hold(t, a)
	return a
}

// plain follows no redirect: the relay makes none.
var plain = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// hold checks what is promised of every answer.
func (r *Relay) hold(t testing.TB, a Answer) {
	t.Helper()
	id := a.Header.Get("X-Request-Id")
	require.Regexp(t, "^[0-9a-f]{24}$", id)
	r.mu.Lock()
	again := r.ids[id]
	r.ids[id] = true
	r.Answers = append(r.Answers, a)
	r.mu.Unlock()
	require.False(t, again, "request ids are unique")
	require.Empty(t, a.Header.Values("Set-Cookie"))
	require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"))
	if a.Header.Get("Content-Type") == "application/problem+json" {
		holdProblem(t, a, id)
	}
	if r.doc != nil {
		r.doc.hold(t, a)
	}
}

func holdProblem(t testing.TB, a Answer, id string) {
	t.Helper()
	h := a.Header
	require.Equal(t, "*", h.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "Retry-After, X-Request-Id", h.Get("Access-Control-Expose-Headers"))
	require.Equal(t, "no-store", h.Get("Cache-Control"))
	if a.Method == http.MethodHead {
		return
	}
	p := a.Problem(t)
	require.Equal(t, a.Status, p.Status)
	require.Equal(t, id, p.RequestID)
	require.Equal(t, http.StatusText(a.Status), p.Title)
	if a.Path == "/v1/generate-otp" || a.Path == "/v1/verify-otp" { // once a call has left, nothing is
		require.True(t, p.Code.Retryable() || !p.Retryable)
	} else {
		require.Equal(t, p.Code.Retryable(), p.Retryable)
	}
	require.Equal(t, p.Code.Fault(), p.Fault)
	if a.Status != http.StatusUnsupportedMediaType {
		require.Equal(t, p.Code.Status(), a.Status)
	}
	require.NotEmpty(t, p.Detail)
	if p.RetryAfter > 0 {
		require.Equal(t, strconv.Itoa(p.RetryAfter), h.Get("Retry-After"))
	} else {
		require.Empty(t, h.Values("Retry-After"))
	}
}

// Send sends a JSON request of a client that may leave before the answer.
func (r *Relay) Send(ctx context.Context, c Call) error {
	body, err := json.Marshal(c.JSON)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL+c.Path, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Origin", c.Origin)
	response, err := plain.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
