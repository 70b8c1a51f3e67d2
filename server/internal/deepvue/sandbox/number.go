package sandbox

import "net/http"

// refusal is how the double says no to an OTP call. The vendor documents none of them,
// so they come in several of the forms that it has.
type refusal struct {
	status int
	detail string // with any status but 200
	reply  reply  // with 200
}

func (f *refusal) write(w http.ResponseWriter) {
	if f.status == http.StatusOK {
		write(w, http.StatusOK, stamped(f.reply))
		return
	}
	refuse(w, f.status, f.detail)
}

var (
	wrongLetters = refusal{status: http.StatusUnprocessableEntity, detail: "Invalid captcha"}
	noOTP        = refusal{status: http.StatusUnprocessableEntity, detail: "No OTP was generated in this session"}
	wrongOTP     = refusal{status: http.StatusUnprocessableEntity, detail: "Invalid OTP"}
	expiredOTP   = refusal{status: http.StatusBadRequest, detail: "OTP has expired"}
	noMobile     = refusal{status: http.StatusOK, reply: reply{Code: 422, SubCode: "MOBILE_NOT_LINKED", Message: "No mobile number is linked with this Aadhaar number"}}
	tooManyOTPs  = refusal{status: http.StatusConflict, detail: "OTP limit exceeded, try again after some time"}
	uidaiIsDown  = refusal{status: http.StatusServiceUnavailable, detail: "Source Unavailable"}
)

// Number is an Aadhaar number that the double refuses; all other valid ones bring a
// person. They are nobody's.
type Number struct {
	Number string
	What   string // happens
	at     string // endpoint
	first  bool   // the first time in a session, or of an OTP, alone
	no     *refusal
}

var numbers = []Number{
	{"200000000013", "no mobile linked: generate-otp is refused", "generate-otp", false, &noMobile},
	{"200000000021", "too many OTPs: generate-otp is refused", "generate-otp", false, &tooManyOTPs},
	{"200000000032", "UIDAI is down", "generate-otp", false, &uidaiIsDown},
	{"200000000045", "verify-otp refuses the first OTP", "verify-otp", true, &wrongOTP},
	{"200000000050", "the OTP has run out", "verify-otp", false, &expiredOTP},
	{"200000000066", "generate-otp refuses the first letters", "generate-otp", true, &wrongLetters},
}

// Numbers lists the numbers that are refused.
func Numbers() []Number { return append([]Number(nil), numbers...) }

// refusalOf is what a call for a number is refused with, or nil. try counts from 1.
func refusalOf(number, endpoint string, try int) *refusal {
	for _, n := range numbers {
		if n.Number == number && n.at == endpoint && (!n.first || try == 1) {
			return n.no
		}
	}
	return nil
}
