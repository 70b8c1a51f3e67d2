package sandbox

import (
	"net/http"
	"time"

	"ekycconnect/wasm/wire"
)

// otpLife is how long an OTP is good for.
// https://docs.deepvue.ai/reference/digilocker-kyc/v1/verify-otp
const otpLife = 10 * time.Minute

// generateOTP takes any letters and any number that can be one, but for those that are
// there to be refused. The vendor documents no body for a refusal.
//
// https://docs.deepvue.ai/reference/digilocker-kyc/v1/generate-otp
func (s *Server) generateOTP(w http.ResponseWriter, r *http.Request, a account) {
	number := r.URL.Query().Get("aadhaar_number")
	if plain, ok := wire.AadhaarNumber(number); !ok || plain != number {
		refuse(w, http.StatusUnprocessableEntity, "Invalid Aadhaar pattern")
		return
	}
	var refused *refusal
	if !s.change(r, a, func(v *session) {
		v.answers++
		if refused = refusalOf(number, "generate-otp", v.answers); a.manner == wrongCaptcha && v.answers == 1 {
			refused = &wrongLetters
		}
		if refused == nil {
			v.number, v.otpAt, v.otpTries = number, time.Now(), 0
		}
	}) {
		refuseSession(w)
		return
	}
	if refused != nil {
		refused.write(w)
		return
	}
	succeed(w, reply{SubCode: "SUCCESS", Message: "OTP sent to your Registered Mobile number. Check your mobile."})
}

// verifyOTP takes any six digits while an OTP is good that the session was sent, and
// answers with a person who does not exist. Then the session is over. Its refusals are
// undocumented.
//
// https://docs.deepvue.ai/reference/digilocker-kyc/v1/verify-otp
func (s *Server) verifyOTP(w http.ResponseWriter, r *http.Request, a account) {
	query := r.URL.Query()
	if mobile := query.Get("mobile_number"); mobile != "" && !digits(mobile, 10) {
		refuse(w, http.StatusUnprocessableEntity, "Invalid mobile number pattern")
		return
	}
	var refused *refusal
	number := ""
	if !s.change(r, a, func(v *session) {
		if v.otpAt.IsZero() {
			refused = &noOTP
			return
		}
		v.otpTries++
		switch {
		case !digits(query.Get("otp"), 6):
			refused = &wrongOTP
		case time.Since(v.otpAt) > otpLife:
			refused = &expiredOTP
		default:
			refused = refusalOf(v.number, "verify-otp", v.otpTries)
		}
		if refused == nil {
			v.over, number = true, v.number
			s.stats.Verified++
		}
	}) {
		refuseSession(w)
		return
	}
	if refused != nil {
		refused.write(w)
		return
	}
	succeed(w, reply{SubCode: "SUCCESS", Message: "Aadhaar eKYC Successful", Data: personOf(number)})
}

func digits(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range n {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
