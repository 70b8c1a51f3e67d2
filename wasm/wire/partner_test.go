//go:build !js

package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

// As openapi.json has them.
func TestWhatPartnersAloneAreToldIsInTheTable(t *testing.T) {
	want := map[wire.Code]wire.Problem{
		wire.InProgress:     {Status: 409, Retryable: true, Fault: wire.FaultPartner},
		wire.AlreadyDone:    {Status: 409, Fault: wire.FaultPartner},
		wire.AadhaarInvalid: {Status: 422, Fault: wire.FaultUser},
		wire.OTPInvalid:     {Status: 422, Fault: wire.FaultUser},
		wire.VendorRefused:  {Status: 422, Fault: wire.FaultUser},
		wire.VendorUnknown:  {Status: 502, Fault: wire.FaultVendor},
	}
	require.Len(t, wire.PartnerCodes(), len(want))
	for _, code := range wire.PartnerCodes() {
		problem := want[code]
		problem.Code = code
		require.Equal(t, problem, wire.ProblemOf(code))
		require.True(t, code.Known())
		require.NotContains(t, wire.Codes(), code, "no browser is told it")
	}
}

func TestAnAadhaarNumberIsTwelveDigitsWithTheRightSum(t *testing.T) {
	for typed, want := range map[string]string{
		"234123412346":     "234123412346",
		"2341 2341 2346":   "234123412346",
		"2341-2341-2346":   "234123412346",
		" 2341--23412346 ": "234123412346",
		"234123412345":     "", // sum
		"034123412346":     "",
		"134123412346":     "",
		"23412341234":      "",
		"2341234123461":    "",
		"2341.2341.2346":   "",
		"2341\t23412346":   "",
		"x234123412346":    "",
		"२३४१२३४१२३४६":     "",
		"":                 "",
		"            ":     "",
	} {
		number, ok := wire.AadhaarNumber(typed)
		require.Equal(t, want, number, "%q", typed)
		require.Equal(t, want != "", ok, "%q", typed)
	}
}

func TestAnOTPIsFourToEightDigits(t *testing.T) {
	for s, want := range map[string]bool{
		"1234": true, "12345678": true, "000000": true,
		"123": false, "123456789": false, "12 34": false, "12345x": false, "１２３４": false, "": false,
	} {
		require.Equal(t, want, wire.OTP(s), "%q", s)
	}
}
