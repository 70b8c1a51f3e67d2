package pace

// Kind is which of the vendor's endpoints is called.
type Kind string

const (
	Connect     Kind = "connect"
	Reload      Kind = "reload-captcha"
	GenerateOTP Kind = "generate-otp"
	VerifyOTP   Kind = "verify-otp"
)
