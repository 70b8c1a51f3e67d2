package consent

import (
	"crypto/sha256"
	"fmt"
)

// No event's text vouches for replies, messages, holds, claims of OTP calls and
// fingerprints. Each is kept with a sum of its own values, so that a check of the ledger
// notices a bit that a disk has flipped. It is no proof: who can write, can sum.
func rowSum(format string, values ...any) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, format, values...))
	return sum[:8]
}

// ReplySum is the sum of a claim's reply.
func (c Claim) ReplySum() []byte { return rowSum("reply %d %d %q", c.Index, c.At.UnixMilli(), c.Reply) }

// Sum is over all that stays as it was written: a try changes Due and Tries.
func (m Message) Sum() []byte {
	return rowSum("message %d %q %q %d", m.Index, m.Site, m.Body, m.Made.UnixMilli())
}

// Sum is over all members.
func (h Hold) Sum() []byte {
	return rowSum("hold %s %q %d", h.Consent, h.Reason, h.Since.UnixMilli())
}

// Sum is over all members.
func (c OTPClaim) Sum() []byte {
	return rowSum("otp_claim %x %x %s %s %d %d", c.Key, c.Owner, c.Consent, c.Endpoint, c.At.UnixMilli(), c.Until.UnixMilli())
}

// Sum is over all members.
func (f Fingerprint) Sum() []byte {
	return rowSum("fingerprint %s %x %d %q", f.Key, f.Print, f.At.UnixMilli(), f.Reason)
}
