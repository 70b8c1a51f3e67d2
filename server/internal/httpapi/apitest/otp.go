package apitest

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
)

// Number is a valid Aadhaar number that nobody has.
const Number = "234123412346"

// Redeemed goes the whole way to what siteverify answers.
func (r *Relay) Redeemed(t testing.TB, site string) connect.Redeemed {
	t.Helper()
	v := r.Verify(t, site, M{"response": r.NewToken(t, site)})
	require.True(t, v.Success, v.ErrorCodes)
	return v
}

// GenerateOTP asks for an OTP under a handle, with a new key unless change has one.
func (r *Relay) GenerateOTP(t testing.TB, site, verification string, change M) Answer {
	t.Helper()
	return r.Do(t, Call{Path: "/v1/generate-otp", Secret: Secret(site),
		JSON: With(M{"verification": verification, "aadhaar_number": Number, "idempotency_key": Key()}, change)})
}

// VerifyOTP tries an OTP under a handle, with a new key unless change has one.
func (r *Relay) VerifyOTP(t testing.TB, site, verification string, change M) Answer {
	t.Helper()
	return r.Do(t, Call{Path: "/v1/verify-otp", Secret: Secret(site),
		JSON: With(M{"verification": verification, "otp": "123456", "idempotency_key": Key()}, change)})
}

// OTPSent goes the whole way to the first OTP.
func (r *Relay) OTPSent(t testing.TB, site string) (sent connect.OTPSent) {
	t.Helper()
	a := r.GenerateOTP(t, site, r.Redeemed(t, site).Verification, nil)
	require.Equal(t, http.StatusOK, a.Status, "%.500s", a.Body)
	a.Into(t, &sent)
	return sent
}
