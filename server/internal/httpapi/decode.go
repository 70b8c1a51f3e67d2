package httpapi

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

var errMediaType = problem(wire.InvalidRequest, "content type must be application/json or text/plain, in UTF-8")

// decode reads one JSON value of at most 16 KiB into v. Unknown, duplicate and
// case-variant members, a second value and invalid UTF-8 are refused.
func decode(w http.ResponseWriter, r *http.Request, v any) (refused *connect.Error, status int) {
	if !jsonMedia(r.Header.Values("Content-Type")) {
		return errMediaType, http.StatusUnsupportedMediaType
	}
	body, refused := read(w, r)
	if refused != nil {
		return refused, 0
	}
	return object(body, v), 0
}

// read reads the whole body within the limit.
func read(w http.ResponseWriter, r *http.Request) ([]byte, *connect.Error) {
	if r.ContentLength > wire.MaxBody {
		return nil, problem(wire.BodyTooLarge, "the body is over 16384 bytes") // without waiting for it
	}
	// What is only announced is not kept room for: few bodies are over 2 KiB.
	body := bytes.NewBuffer(make([]byte, 0, min(max(r.ContentLength, 0), 2<<10)+bytes.MinRead))
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, wire.MaxBody))
	if err == nil {
		return body.Bytes(), nil
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, problem(wire.BodyTooLarge, "the body is over 16384 bytes")
	}
	return nil, problem(wire.InvalidRequest, "the body could not be read to its end")
}

// jsonMedia accepts text/plain too, so that pages cause no CORS preflight.
func jsonMedia(values []string) bool {
	if len(values) != 1 {
		return false
	}
	media, params, err := mime.ParseMediaType(values[0])
	if err != nil || media != "application/json" && media != "text/plain" {
		return false
	}
	charset, ok := params["charset"]
	return !ok || strings.EqualFold(charset, "utf-8")
}

// where names the member that a JSON error is about, if it is a plain name:
// never a value, which may be somebody's secret in the wrong place.
func where(err error) string {
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return ""
	}
	name := semantic.JSONPointer.LastToken()
	if name == "" || len(name) > 32 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return ""
	}
	return ": look at " + name
}
