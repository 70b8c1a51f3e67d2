//go:build js && wasm

package wire

// isPrint refuses control characters only: what else is not printable the
// relay judges, since the tables would cost every visitor 4 KB.
func isPrint(r rune) bool { return r >= 0x20 && (r < 0x7f || r > 0x9f) }
