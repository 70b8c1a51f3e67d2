package demo

import (
	"fmt"
	"net/http"
)

// call is one of the bank's server's, told to the developers who look at the demo.
type call struct{ Request, Status, Tone, Why string }

// told is a call with what it was answered; status 0 is no answer.
func told(request string, status int, code, why string) call {
	c := call{Request: request, Status: fmt.Sprint(status), Tone: "good", Why: why}
	if code != "" {
		c.Status += ", " + code
	}
	if status != http.StatusOK || code != "" {
		c.Tone = "bad"
	}
	if status == 0 {
		c.Status = "no answer"
	}
	return c
}

func siteverifyCall(status int, answer redeemed) call {
	code := ""
	if !answer.Success {
		code = answer.ErrorCodes[0]
	}
	return told("POST /v1/siteverify", status, code,
		"redeems the token, once, with the site's secret. The idempotency_key makes a form that is sent twice harmless. "+
			"What goes on, verification, stays on the bank's server.")
}

func generateOTPCall(a answered) call {
	return told("POST /v1/generate-otp", a.Status, string(a.Code),
		"hands the number and verification to the relay, which has the vendor send the one-time password (OTP). The answer holds a new verification.")
}

func verifyOTPCall(a answered) call {
	return told("POST /v1/verify-otp", a.Status, string(a.Code),
		"hands the OTP and the newest verification to the relay. The answer holds the person's data, which the relay does not keep.")
}

func consentCall(status int) call {
	return told("GET /v1/consents/{id}", status, "", "fetches the record of the consent, for the bank's own file.")
}
