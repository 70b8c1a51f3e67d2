package wire

import "unicode/utf8"

// zeros holds the digit zero of every decimal number system of Unicode: each
// is followed by its one to nine. (Package unicode would cost every visitor its
// tables; a test holds this list against them.)
var zeros = []rune{
	0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6,
	0xd66, 0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80,
	0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0,
	0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0,
	0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8,
	0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e950, 0x1fbf0,
}

// digit is the value of any Unicode decimal digit, else -1.
func digit(r rune) int {
	for _, zero := range zeros {
		if r >= zero && r <= zero+9 {
			return int(r - zero)
		}
	}
	return -1
}

// twelves calls found with every maximal run of exactly twelve digits of s,
// where any Unicode digit counts and spaces, '-' and '.' inside a run do not
// end it. It stops at the first true.
func twelves(s string, found func([12]int) bool) bool {
	var run [12]int
	n := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		if r == ' ' || r == '-' || r == '.' {
			continue
		}
		if d := digit(r); d >= 0 {
			if n < 12 {
				run[n] = d
			}
			n++
			continue
		}
		if n == 12 && found(run) {
			return true
		}
		n = 0
	}
	return n == 12 && found(run)
}

// HasTwelveDigits reports whether s holds a run of exactly twelve digits, in
// any script and grouping: enough to refuse a subject.
func HasTwelveDigits(s string) bool {
	return twelves(s, func([12]int) bool { return true })
}

// IsAadhaar reports whether s holds a run of exactly twelve digits that can be
// an Aadhaar number: first digit 2–9 and a valid Verhoeff sum.
func IsAadhaar(s string) bool {
	return twelves(s, func(d [12]int) bool { return d[0] >= 2 && verhoeff(d) })
}

// The dihedral group D5 and Verhoeff's permutation (J. Verhoeff, Error
// Detecting Decimal Codes, 1969), which UIDAI uses for the last digit.
var (
	d5 = [10][10]uint8{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
		{3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
		{6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
		{9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
	}
	permutation = [8][10]uint8{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
		{8, 9, 1, 6, 0, 4, 3, 5, 2, 7}, {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
		{2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8},
	}
)

func verhoeff(digits [12]int) bool {
	sum := uint8(0)
	for i := range digits {
		sum = d5[sum][permutation[i%8][digits[len(digits)-1-i]]]
	}
	return sum == 0
}
