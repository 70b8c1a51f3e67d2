package connect

import (
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/wasm/wire"
)

// Said is what the vendor said with its answer; see [deepvue.Said].
type Said struct {
	Status        int    `json:"status"`
	Code          int    `json:"code,omitzero"`
	SubCode       string `json:"sub_code,omitzero"`
	Message       string `json:"message,omitzero"`
	TransactionID string `json:"transaction_id,omitzero"`
	Timestamp     int64  `json:"timestamp,omitzero"` // of verify-otp alone
}

func said(v deepvue.Said) Said {
	return Said{Status: v.Status, Code: v.Code, SubCode: nameless(v.SubCode), Message: nameless(v.Message), TransactionID: nameless(v.TransactionID)}
}

// nameless is a text of the vendor's, unless it holds a person's number: from
// generate-otp on, the vendor knows one in its session.
func nameless(text string) string {
	if wire.IsAadhaar(text) {
		return ""
	}
	return text
}

// OTPSent answers generate-otp.
type OTPSent struct {
	Verification string    `json:"verification"`
	ExpiresAt    string    `json:"expires_at"`
	ExpiresIn    int       `json:"expires_in"`
	Consent      ConsentID `json:"consent"`
	Vendor       Said      `json:"vendor"`
}

// Verified answers verify-otp. Person must be closed once it has been handed on.
type Verified struct {
	Consent ConsentID         `json:"consent"`
	Vendor  Said              `json:"vendor"`
	Person  *deepvue.Verified `json:"-"`
}

// ConsentID names the consent that an answer is under.
type ConsentID struct {
	ID string `json:"id"`
}
