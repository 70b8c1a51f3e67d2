package seal

// Verification is the handle by which a partner's back end goes on after the picture:
// siteverify gives one, and generate-otp another.
type Verification struct {
	Consented   `json:",inline"`
	Answer      string  `json:"ans"`
	SessionEnds Instant `json:"ends"`         // for the retry value
	OTP         int     `json:"otp,omitzero"` // number of the OTP within the consent; 0 before the first
}

func (*Verification) kind() Kind { return KindVerification }
