package notice

import (
	"cmp"
	"slices"
	"strings"

	"ekycconnect/wasm/wire"
)

// shared says which text stands for a code that a person cannot tell from
// others: what to do is the same, and the code itself is in the event that the
// page gets.
var shared = map[wire.Code]string{
	wire.InvalidRequest:          "page",
	wire.UnknownSitekey:          "page",
	wire.UnknownPurpose:          "page",
	wire.OriginNotAllowed:        "page",
	wire.TicketRequired:          "page",
	wire.NotFound:                "page",
	wire.MethodNotAllowed:        "page",
	wire.BodyTooLarge:            "page",
	wire.SubjectLooksLikeAadhaar: "page",
	wire.SessionInvalid:          "reload-page",
	wire.TicketInvalid:           "reload-page",
	wire.IdempotencyConflict:     "reload-page",
	wire.SessionExpired:          "expired",
	wire.Internal:                "unknown",
}

// message is one text that the widget can show, by the key it looks it up with.
type message struct{ Key, Text string }

// messages are l's texts for everything that the widget says by itself and for
// every code that a browser route can answer, with the operator's words in.
func (l Language) messages(fill func(string) string) []message {
	var all []message
	for key, text := range l.Messages {
		if key != "page" && key != "reload-page" {
			all = append(all, message{key, fill(text)})
		}
	}
	for code, key := range shared {
		all = append(all, message{string(code), fill(l.Messages[key])})
	}
	// Equal texts side by side compress best; the order is else of no matter.
	slices.SortFunc(all, func(a, b message) int {
		return cmp.Or(strings.Compare(a.Text, b.Text), strings.Compare(a.Key, b.Key))
	})
	return all
}
