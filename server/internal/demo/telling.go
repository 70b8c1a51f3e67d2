package demo

import (
	"fmt"

	"ekycconnect/wasm/wire"
)

// telling is what a page says of a refusal. With a title the verification has ended;
// else the applicant may press again.
type telling struct{ title, lead, advice string }

// tellings are those that both calls have.
var tellings = map[wire.Code]telling{
	wire.VendorBusy: {
		lead:   "Many people are identifying themselves at this moment.",
		advice: "waits for Retry-After and sends the call again, with a new idempotency_key.",
	},
	wire.VendorUnavailable: {
		lead:   "UIDAI, where Aadhaar numbers are checked, does not answer at the moment. Try again in a moment, or use another ID.",
		advice: "offers another way and lets the applicant try again. The relay itself never repeats these calls.",
	},
	wire.StoreUnavailable: {
		lead:   "The identity check cannot go on at this moment.",
		advice: "waits for Retry-After and sends the call again, with a new idempotency_key.",
	},
	wire.InProgress: {
		lead:   "An earlier press is still under way.",
		advice: "waits for that call's answer.",
	},
	wire.SessionExpired: {
		"The identity check has run out", "Too much time has passed, or the identity check is finished already.",
		"begins again with the notice. A consent lasts 30 minutes, a handle (verification) 10.",
	},
	wire.ConsentWithdrawn: {
		"You have withdrawn your consent", "So the identity check has ended, and the bank got nothing.",
		"stops here and drops what it has.",
	},
	wire.RateLimited: {
		"All codes of this consent are used", "Three codes can be asked for under one consent.",
		"begins again with the notice, or offers another way.",
	},
}

// tellings of one call alone.
var (
	ofGenerateOTP = map[wire.Code]telling{
		wire.VendorUnknown: {
			lead:   "It is not known whether a code was sent. If one comes, it cannot be used: ask for another here.",
			advice: "asks the applicant again, with a new idempotency_key. The relay never repeats such a call by itself.",
		},
		wire.AlreadyDone: {
			lead:   "The bank's server has lost the answer to your last press. Please ask for a code again.",
			advice: "asks the applicant again, with a new idempotency_key: an answer is not kept.",
		},
	}
	ofVerifyOTP = map[wire.Code]telling{
		wire.VendorUnknown: {
			lead:   "It is not known whether your code was accepted. Try it once more, or ask for another.",
			advice: "asks the applicant again, with a new idempotency_key. The relay never repeats such a call by itself.",
		},
		wire.AlreadyDone: {
			lead:   "The bank's server has lost the answer to your last press. Try the code once more, or ask for another.",
			advice: "asks the applicant again, with a new idempotency_key: an answer is not kept.",
		},
	}
)

// tell says what a refusal means to the applicant.
func tell(a answered, own map[wire.Code]telling) telling {
	code := a.Code
	if code == wire.SessionInvalid {
		code = wire.SessionExpired
	}
	t, known := own[code]
	if !known {
		t, known = tellings[code]
	}
	if !known {
		return telling{
			"The identity check does not work", "This is not your fault. The bank has been told.",
			"offers another way, and tells its operator the code: " + string(a.Code) + ".",
		}
	}
	if a.RetryAfter > 0 {
		t.lead += fmt.Sprintf(" Try again in %d s.", a.RetryAfter)
	}
	return t
}

// over is for a press whose visit the bank's server does not have any more.
var over = tellings[wire.SessionExpired]

// notAnswered is for a relay that could not be reached: the same key is sent again, so
// that no call is made twice.
var notAnswered = telling{
	lead:   "The bank's server got no answer. Please try again in a moment.",
	advice: "sends the same call again with the same idempotency_key: the vendor is never called twice for one press.",
}
