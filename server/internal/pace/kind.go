package pace

// Kind is which of the vendor's endpoints is called.
type Kind string

const (
	Connect     Kind = "connect"
	Reload      Kind = "reload-captcha"
	GenerateOTP Kind = "generate-otp"
	VerifyOTP   Kind = "verify-otp"

	// End is no call: the verification is over, and needs none any more.
	End Kind = "end"
)

// step is how far a verification has come: what its newest call was for.
type step uint8

const (
	picture step = iota // there is a picture to read
	otp                 // an OTP is on its way, or was refused
	tried               // an OTP was tried, which may not have been the right one
	steps
)

// stepOf is where a call of this kind leads to.
func stepOf(k Kind) step {
	switch k {
	case GenerateOTP:
		return otp
	case VerifyOTP:
		return tried
	}
	return picture
}

// class is who goes first, 0 before 1 before 2.
type class int

const (
	finishing class = iota // calls for OTPs: who has typed a number or an OTP is nearly through
	reloading              // a verification's first reloads
	others                 // newcomers, and later reloads
	classes
)

// firstReloads is how many reloads of a verification go before newcomers.
const firstReloads = 2
