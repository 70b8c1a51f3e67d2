// Package redact is the last line before a log: it takes out whatever looks
// like a secret, wherever in the line it stands. Code must not rely on it;
// tests plant canaries to see that nothing gets this far.
package redact

import (
	"io"
	"regexp"

	"ekycconnect/wasm/wire"
)

const mark = "[redacted]"

// shapes are what secrets look like here, with what they are replaced by.
var shapes = []struct {
	shape *regexp.Regexp
	by    string
}{
	{regexp.MustCompile(`\b(?:sk|whsec)_[A-Za-z0-9_+/=-]{4,}`), mark},
	{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}`), mark}, // JWE and JWS
	{regexp.MustCompile(`(?i)\b(bearer|basic) +[A-Za-z0-9._~+/=-]{4,}`), "$1 " + mark},
	{regexp.MustCompile(`(?i)\b(x-api-key|client-id|client_secret|session_id|captcha|otp|aadhaar_number|secret|answer)(\\?"? ?[=:] ?\[?\\?"?)[^\s"\\&,;}\]]+`), "$1$2" + mark},
	{regexp.MustCompile(`(https?://[^\s"?\\]+)\?[^\s"\\]+`), "$1?" + mark},
}

var twelve = regexp.MustCompile(`\d(?:[ .-]?\d){11}`)

// Text is line without what looks like a secret.
func Text(line []byte) []byte {
	for _, s := range shapes {
		line = s.shape.ReplaceAll(line, []byte(s.by))
	}
	out, last := []byte(nil), 0
	for _, at := range twelve.FindAllIndex(line, -1) {
		if number(line, at) || !wire.IsAadhaar(string(line[at[0]:at[1]])) {
			continue
		}
		out = append(append(out, line[last:at[0]]...), mark...)
		last = at[1]
	}
	return append(out, line[last:]...)
}

// number reports whether the digits are a JSON number, or part of a longer run
// or word: a time stamp in nanoseconds, a hash.
func number(line []byte, at []int) bool {
	if at[0] > 0 && (line[at[0]-1] == ':' || word(line[at[0]-1])) {
		return true
	}
	return at[1] < len(line) && word(line[at[1]])
}

func word(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// Writer redacts each write, which must be a whole line, as slog's handlers
// write them.
func Writer(w io.Writer) io.Writer { return writer{w} }

type writer struct{ to io.Writer }

func (w writer) Write(line []byte) (int, error) {
	if _, err := w.to.Write(Text(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}
