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
	wire.AssetIntegrity:          "reload-page",
	wire.SessionInvalid:          "reload-page",
	wire.TicketInvalid:           "reload-page",
	wire.IdempotencyConflict:     "reload-page",
	wire.VendorTimeout:           "vendor_unavailable",
	wire.VendorBadAnswer:         "vendor_unavailable",
	wire.Internal:                "unknown",
}

// message is one text that the widget can show, and the keys by which it looks
// it up, with spaces between: many codes share a text.
type message struct{ Keys, Text string }

// messages are l's texts for everything that the widget says by itself and for
// every code that a browser route can answer, with the operator's words in. A
// code without a text has that of its fault, and at last the unknown one's. Where
// no wasm runs, another page does the same.
func (l Language) messages(fill func(string) string) []message {
	keys := map[string][]string{"page": {string(wire.FaultPartner)}, "vendor_unavailable": {string(wire.FaultVendor)}} // by the key of their text
	for key := range l.Messages {
		if keys[key] == nil && key != "reload-page" && key != string(wire.StoreUnavailable) { // that one is the receipt's
			keys[key] = []string{key}
		}
	}
	for code, key := range shared {
		if key == "reload-page" {
			keys[key] = append(keys[key], string(code))
		}
	}
	all := []message{{"open", fill(l.Page["open"])}, {string(wire.WasmUnavailable), fill(l.Page["open-text"])}}
	for key, names := range keys {
		slices.Sort(names)
		all = append(all, message{strings.Join(names, " "), fill(l.Messages[key])})
	}
	// Like texts side by side compress best; the order is else of no matter.
	slices.SortFunc(all, func(a, b message) int {
		return cmp.Or(strings.Compare(a.Text, b.Text), strings.Compare(a.Keys, b.Keys))
	})
	return all
}
