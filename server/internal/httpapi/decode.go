package httpapi

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

// The media types of bodies. Browser routes take plain text, too, so that pages cause no
// CORS preflight.
const (
	mediaJSON = "application/json"
	mediaText = "text/plain"
)

// decode reads one JSON value of at most 16 KiB, of one of the media types, into v. Unknown,
// duplicate and case-variant members, a second value and invalid UTF-8 are refused.
func decode(w http.ResponseWriter, r *http.Request, v any, types ...string) (refused *connect.Error, status int) {
	if refused := media(r, types...); refused != nil {
		return refused, http.StatusUnsupportedMediaType
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

// media refuses a body that says it is of none of the types, or not in UTF-8.
func media(r *http.Request, types ...string) *connect.Error {
	if values := r.Header.Values("Content-Type"); len(values) == 1 {
		given, params, err := mime.ParseMediaType(values[0])
		charset, said := params["charset"]
		if err == nil && slices.Contains(types, given) && (!said || strings.EqualFold(charset, "utf-8")) {
			return nil
		}
	}
	return problem(wire.InvalidRequest, "content type must be "+strings.Join(types, " or ")+", in UTF-8")
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
