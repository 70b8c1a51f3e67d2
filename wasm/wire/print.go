//go:build !js

package wire

import (
	"strconv"
	"unicode/utf8"
)

func isText(s string) bool { return utf8.ValidString(s) }

func isPrint(r rune) bool { return strconv.IsPrint(r) }
