//go:build !js

package wire

import "strconv"

func isPrint(r rune) bool { return strconv.IsPrint(r) }
