//go:build js && wasm

package wire

// isText holds for every string that came from JavaScript.
func isText(string) bool { return true }

// isPrint refuses control characters only: what else is not printable the
// relay judges, since the tables would cost every visitor 4 KB.
func isPrint(r rune) bool { return r >= 0x20 && (r < 0x7f || r > 0x9f) }
