package httpapi

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

func problem(code wire.Code, detail string) *connect.Error {
	return &connect.Error{Code: code, Detail: detail}
}

// fullProblem has the members that only partners' back ends are told, too.
type fullProblem struct {
	wire.Problem `json:",inline"`
	Result       string        `json:"result,omitzero"`
	Vendor       *connect.Said `json:"vendor,omitzero"`
	Retry        string        `json:"retry,omitzero"`
}

// problem answers with the problem that err is. Whatever is not a refusal of
// the core is an internal error and is told to the log alone.
func (a *API) problem(w http.ResponseWriter, r *http.Request, err error) {
	a.problemStatus(w, r, err, 0)
}

// problemStatus is problem with another status than the code's own, if not 0.
func (a *API) problemStatus(w http.ResponseWriter, r *http.Request, err error, status int) {
	var refused *connect.Error
	if !errors.As(err, &refused) {
		refused = &connect.Error{Code: wire.Internal, Detail: "an unexpected error; the request id finds it in the relay's log", Cause: err}
	}
	if status == 0 {
		status = refused.Code.Status()
	}
	seen(w).refused(refused)
	body := fullProblem{Result: refused.Result, Vendor: refused.Vendor, Retry: refused.Retry}
	body.Problem = wire.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: refused.Detail,
		Code: refused.Code, Retryable: refused.Code.Retryable() && !refused.Sent, Fault: refused.Code.Fault(),
		RequestID: seen(w).id, Consent: refused.Consent,
	}
	h := w.Header()
	body.RetryAfter = retryAfter(w, refused.RetryAfter)
	// A page of any origin may read why it is refused.
	h.Set("Access-Control-Allow-Origin", "*")
	h["Access-Control-Expose-Headers"] = exposed
	h.Set("Cache-Control", "no-store")
	if refused.Code == wire.Unauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	write(w, status, "application/problem+json", body)
}

// retryAfter sets the header to wait in whole seconds, rounded up: who comes
// back a little late is welcome, a little early is not. 0 sets nothing.
func retryAfter(w http.ResponseWriter, wait time.Duration) (seconds int) {
	if wait <= 0 {
		return 0
	}
	seconds = int((wait + time.Second - 1) / time.Second)
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	return seconds
}

// bodies are buffers for answers.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// write answers with JSON. The value is the relay's own, so it marshals.
func write(w http.ResponseWriter, status int, contentType string, value any) {
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	if err := json.MarshalWrite(body, value); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that has left is nobody's error
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	write(w, status, "application/json", value)
}
