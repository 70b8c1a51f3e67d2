package sandbox

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/jpeg"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// generateOTP takes any letters, except that the account for wrong captchas
// refuses the first of a session. The vendor documents no body for that.
//
// https://docs.deepvue.ai/reference/digilocker-kyc/v1/generate-otp
func (s *Server) generateOTP(w http.ResponseWriter, r *http.Request, a account) {
	number := r.URL.Query().Get("aadhaar_number")
	if !digits(number, 12) {
		refuse(w, http.StatusUnprocessableEntity, "Invalid Aadhaar pattern")
		return
	}
	wrong := false
	if !s.change(r, a, func(v *session) {
		v.answers++
		if wrong = a.manner == wrongCaptcha && v.answers == 1; !wrong {
			v.otpSent = true
			v.masked = "xxxx-xxxx-" + number[8:]
		}
	}) {
		refuseSession(w)
		return
	}
	if wrong {
		refuse(w, http.StatusUnprocessableEntity, "Invalid captcha")
		return
	}
	succeed(w, reply{SubCode: "SUCCESS", Message: "OTP sent to your Registered Mobile number. Check your mobile."})
}

type person struct {
	Address      address `json:"address"`
	DateOfBirth  string  `json:"dateOfBirth"`
	Email        string  `json:"email"`
	Gender       string  `json:"gender"`
	GeneratedAt  string  `json:"generatedAt"` // ms since 1970, as a string
	MaskedNumber string  `json:"maskedNumber"`
	Name         string  `json:"name"`
	Phone        string  `json:"phone"`
	Photo        string  `json:"photo"` // JPEG, base64
}

type address struct {
	CareOf      string `json:"careOf"`
	Country     string `json:"country"`
	District    string `json:"district"`
	House       string `json:"house"`
	Landmark    string `json:"landmark"`
	Locality    string `json:"locality"`
	Pin         string `json:"pin"`
	PostOffice  string `json:"postOffice"`
	State       string `json:"state"`
	Street      string `json:"street"`
	SubDistrict string `json:"subDistrict"`
	VTC         string `json:"vtc"`
}

// verifyOTP takes any six digits once an OTP was asked for, and answers with a
// person who does not exist. Its refusals are undocumented.
//
// https://docs.deepvue.ai/reference/digilocker-kyc/v1/verify-otp
func (s *Server) verifyOTP(w http.ResponseWriter, r *http.Request, a account) {
	query := r.URL.Query()
	if mobile := query.Get("mobile_number"); mobile != "" && !digits(mobile, 10) {
		refuse(w, http.StatusUnprocessableEntity, "Invalid mobile number pattern")
		return
	}
	sent, masked := false, ""
	if !s.change(r, a, func(v *session) { sent, masked = v.otpSent, v.masked }) {
		refuseSession(w)
		return
	}
	if !sent || !digits(query.Get("otp"), 6) {
		refuse(w, http.StatusUnprocessableEntity, "Invalid OTP")
		return
	}
	succeed(w, reply{SubCode: "SUCCESS", Message: "Aadhaar eKYC Successful", Data: person{
		Address: address{
			CareOf: "C/O Test Guardian", Country: "India", District: "Testnagar", House: "0",
			Landmark: "Near Nowhere", Locality: "Sandbox", Pin: "000000", PostOffice: "Sandbox",
			State: "Test State", Street: "Example Street", SubDistrict: "Testnagar", VTC: "Sandbox",
		},
		DateOfBirth:  "01-01-1990",
		Email:        "",
		Gender:       "F",
		GeneratedAt:  strconv.FormatInt(time.Now().UnixMilli(), 10),
		MaskedNumber: masked,
		Name:         "Test Person",
		Phone:        "",
		Photo:        photo(),
	}})
}

// photo is a grey card.
var photo = sync.OnceValue(func() string {
	card := image.NewGray(image.Rect(0, 0, 80, 100))
	for i := range card.Pix {
		card.Pix[i] = 0xB0
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, card, nil); err != nil {
		panic("sandbox: " + err.Error()) // into memory: cannot fail
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
})

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
