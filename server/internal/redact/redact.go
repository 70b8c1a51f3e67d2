// Package redact is the last line before a log: it takes out whatever looks
// like a secret, wherever in the line it stands. Code must not rely on it;
// tests plant canaries to see that nothing gets this far.
package redact

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"ekycconnect/wasm/wire"
)

const mark = "[redacted]"

// shapes are what secrets look like here, with what they are replaced by. A line
// that holds none of the words of a shape, in lower case, cannot match it: most
// lines are looked at for these alone, which costs a fiftieth.
var shapes = []struct {
	words []string
	shape *regexp.Regexp
	by    string
}{
	{[]string{"sk_", "whsec_"}, regexp.MustCompile(`\b(?:sk|whsec)_[A-Za-z0-9_+/=-]{4,}`), mark},
	{[]string{"eyj"}, regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}`), mark}, // JWE and JWS
	{[]string{"bearer ", "basic "}, regexp.MustCompile(`(?i)\b(bearer|basic) +[A-Za-z0-9._~+/=-]{4,}`), "$1 " + mark},
	{names, regexp.MustCompile(`(?i)\b(` + strings.Join(names, "|") + `)(\\?"? ?[=:] ?\[?\\?"?)[^\s"\\&,;}\]]+`), "$1$2" + mark},
	{[]string{"postgres"}, regexp.MustCompile(`\b(postgres(?:ql)?://[^\s"\\:@/]*):[^\s"\\]+@`), "$1:" + mark + "@"},
	{[]string{"password"}, regexp.MustCompile(`(?i)\b(password=)[^\s"\\&]+`), "$1" + mark},
	{[]string{"?"}, regexp.MustCompile(`(https?://[^\s"?\\]+)\?[^\s"\\]+`), "$1?" + mark},
}

// names are what secrets are called.
var names = []string{"x-api-key", "client-id", "client_secret", "session_id", "captcha", "otp", "aadhaar_number", "secret", "answer"}

var twelve = regexp.MustCompile(`\d(?:[ .-]?\d){11}`)

// Text is line without what looks like a secret.
func Text(line []byte) []byte {
	lower := bytes.ToLower(line)
	// Beyond ASCII there are letters that count as one of these whatever their case.
	plain := !bytes.ContainsFunc(line, func(r rune) bool { return r > unicode.MaxASCII })
	for _, s := range shapes {
		if !plain || slices.ContainsFunc(s.words, func(word string) bool { return bytes.Contains(lower, []byte(word)) }) {
			line = s.shape.ReplaceAll(line, []byte(s.by))
		}
	}
	if !digits(line) {
		return line
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

// digits reports whether twelve stand in a row, each at most one mark from the
// next, without which no number of twelve digits can be there.
func digits(line []byte) bool {
	n, marked := 0, true
	for _, c := range line {
		switch {
		case c >= '0' && c <= '9':
			if n++; n == 12 {
				return true
			}
			marked = false
		case !marked && (c == ' ' || c == '.' || c == '-'):
			marked = true
		default:
			n, marked = 0, true
		}
	}
	return false
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
