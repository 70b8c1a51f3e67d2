package deepvue

import (
	"log/slog"
	"strings"
	"unicode"

	"ekycconnect/wasm/wire"
)

const (
	maxMessage = 300 // characters
	maxSubCode = 64
	longRun    = 6 // digits in a row that may be somebody's number
	blank      = "******"
)

// Said is what the vendor says with its answer to an OTP call, for the partner alone:
// the vendor documents no value of these members, and they are not
// interpreted. What was sent does not come back in any of them.
type Said struct {
	Status        int    // HTTP
	Code          int    // of the body; 0 if there is none
	SubCode       string // may be empty, as those that follow
	Message       string // at most 300 characters, without runs of six digits or more
	TransactionID string
	Timestamp     int64 // ms since 1970
}

// String keeps the vendor's words out of everything that is printed.
func (Said) String() string { return "[vendor's words]" }

// GoString implements fmt.GoStringer, for %#v.
func (s Said) GoString() string { return s.String() }

// LogValue implements slog.LogValuer.
func (s Said) LogValue() slog.Value { return slog.StringValue(s.String()) }

// blanked is a text of the vendor's with runs of six digits or more blanked, and with
// the digits of private, however they are grouped there. Digits are those of every
// script.
func blanked(text, private string) string {
	runes := []rune(text)
	out := make([]bool, len(runes))
	for i := 0; i < len(runes); {
		run := i
		for run < len(runes) && wire.Digit(runes[run]) >= 0 {
			run++
		}
		if run-i >= longRun {
			mark(out[i:run])
		}
		i = max(run, i+1)
	}
	for i := range runes {
		if end := echo(runes[i:], private); end > 0 {
			mark(out[i : i+end])
		}
	}
	var b strings.Builder
	for i, r := range runes {
		switch {
		case !out[i] && (unicode.IsPrint(r) || r == ' '):
			b.WriteRune(r)
		case !out[i]:
			b.WriteByte(' ')
		case i == 0 || !out[i-1]:
			b.WriteString(blank)
		}
	}
	said := []rune(strings.TrimSpace(b.String()))
	return string(said[:min(len(said), maxMessage)])
}

func mark(out []bool) {
	for i := range out {
		out[i] = true
	}
}

// echo is how many of the first runes are the digits of private, with anything but
// letters and digits between them; 0 if they are not.
func echo(runes []rune, private string) int {
	found := 0
	for i, r := range runes {
		digit := wire.Digit(r)
		switch {
		case digit >= 0 && digit == int(private[found]-'0'):
			if found++; found == len(private) {
				return i + 1
			}
		case digit >= 0 || found == 0 || unicode.IsLetter(r):
			return 0
		}
	}
	return 0
}

// holds reports whether a text holds the digits of private, however grouped.
func holds(text, private string) bool {
	runes := []rune(text)
	for i := range runes {
		if echo(runes[i:], private) > 0 {
			return true
		}
	}
	return false
}
