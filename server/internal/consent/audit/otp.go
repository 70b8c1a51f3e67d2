package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ekycconnect/server/internal/consent"
)

// otpClaims are the claims of calls of which nothing is recorded yet. No text vouches
// for them, so they are held against the events.
type otpClaims struct {
	byRecord map[uuid.UUID][]consent.OTPClaim
	given    map[uuid.UUID]consent.OTPClaim // one of each record that was found
	keys     map[consent.Key]bool
}

// longestCall is beyond what any deadline allows. Times are not compared with those of
// events: a clock may have been wrong meanwhile.
const longestCall = 24 * time.Hour

func (a *auditor) readOTPClaims(ctx context.Context, from Source) error {
	a.otp = otpClaims{map[uuid.UUID][]consent.OTPClaim{}, map[uuid.UUID]consent.OTPClaim{}, map[consent.Key]bool{}}
	return from.OTPClaims(ctx, func(c consent.OTPClaim) error {
		switch {
		case c.Endpoint != consent.EndpointGenerateOTP && c.Endpoint != consent.EndpointVerifyOTP:
			return fault(otpName(c), "it is of an endpoint %q that no call is claimed for", c.Endpoint)
		case !c.Until.After(c.At):
			return fault(otpName(c), "it ends before it begins")
		case c.Until.Sub(c.At) > longestCall:
			return fault(otpName(c), "its call would be under way for %s", c.Until.Sub(c.At))
		}
		a.otp.keys[c.Key] = true
		a.otp.byRecord[c.Consent] = append(a.otp.byRecord[c.Consent], c)
		return nil
	})
}

func otpName(c consent.OTPClaim) string { return fmt.Sprintf("otp_claim %x", c.Key) }

// otpRow holds a row against the claims of calls.
func (a *auditor) otpRow(record uuid.UUID, r Row) error {
	for _, claim := range r.Claims {
		if a.otp.keys[claim.Key] {
			return fault(fmt.Sprintf("otp_claim %x", claim.Key), "its call is recorded in event %d, which takes it away", r.Index)
		}
	}
	claims, there := a.otp.byRecord[record]
	if !there {
		return nil
	}
	switch r.Kind {
	case consent.Given:
		delete(a.otp.byRecord, record)
		a.otp.given[record] = claims[0]
	case consent.Refused:
		return fault(otpName(claims[0]), "its record %s is a refusal", record)
	}
	return nil
}

// otpLeft finds claims that belong to nothing, after all rows were seen.
func (a *auditor) otpLeft() error {
	for record, claims := range a.otp.byRecord {
		return fault(otpName(claims[0]), "there is no consent %s", record)
	}
	for record, c := range a.otp.given {
		if _, erased := a.erased[record]; erased {
			return fault(otpName(c), "its record %s was erased", record)
		}
	}
	return nil
}
