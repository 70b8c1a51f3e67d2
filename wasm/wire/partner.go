//go:build !js

package wire

// partnerCodes are the problems that partners' back ends alone are told of. The widget does not carry it.
var partnerCodes = []codeRow{
	{InProgress, 409, true, FaultPartner},
	{AlreadyDone, 409, false, FaultPartner},
	{AadhaarInvalid, 422, false, FaultUser},
	{OTPInvalid, 422, false, FaultUser},
	{VendorRefused, 422, false, FaultUser},
	{VendorUnknown, 502, false, FaultVendor},
}

func partnerRow(c Code) (codeRow, bool) {
	for _, r := range partnerCodes {
		if r.code == c {
			return r, true
		}
	}
	return codeRow{}, false
}

// PartnerCodes lists the codes that only partners' back ends are told.
func PartnerCodes() []Code {
	all := make([]Code, len(partnerCodes))
	for i, r := range partnerCodes {
		all[i] = r.code
	}
	return all
}

// AadhaarNumber is the number in what a person typed: twelve digits, the first 2 to
// 9, with a valid Verhoeff sum; spaces and '-' are dropped.
func AadhaarNumber(typed string) (number string, ok bool) {
	var text [12]byte
	n := 0
	for i := range len(typed) {
		switch c := typed[i]; {
		case c == ' ' || c == '-':
		case c < '0' || c > '9' || n == len(text):
			return "", false
		default:
			text[n] = c
			n++
		}
	}
	if n < len(text) || !IsAadhaar(string(text[:])) {
		return "", false
	}
	return string(text[:]), true
}

// OTP reports whether s can be a one-time password: 4 to 8 digits.
func OTP(s string) bool {
	if len(s) < 4 || len(s) > 8 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Digit is the value of a decimal digit of any script, else -1.
func Digit(r rune) int { return digit(r) }
