package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

func TestTheTableOfCodesIsWhole(t *testing.T) {
	seen := map[wire.Code]bool{}
	for _, code := range wire.Codes() {
		require.False(t, seen[code], "%s twice", code)
		seen[code] = true
		require.True(t, code.Known())
		require.Contains(t, []wire.Fault{wire.FaultUser, wire.FaultPartner, wire.FaultRelay, wire.FaultVendor}, code.Fault())
		p := wire.ProblemOf(code)
		require.Equal(t, wire.Problem{Status: code.Status(), Code: code, Retryable: code.Retryable(), Fault: code.Fault()}, p)
	}
	require.Len(t, seen, 28)
}

func TestAnUnknownCodeCountsAsInternal(t *testing.T) {
	code := wire.Code("of-tomorrow")
	require.False(t, code.Known())
	require.Equal(t, 500, code.Status())
	require.True(t, code.Retryable())
	require.Equal(t, wire.FaultRelay, code.Fault())
}

func TestWhoCanMendWhat(t *testing.T) {
	faults := map[wire.Fault][]wire.Code{
		wire.FaultUser:   {wire.AnswerInvalid, wire.RateLimited, wire.SessionExpired, wire.ConsentWithdrawn},
		wire.FaultVendor: {wire.VendorBusy, wire.VendorUnavailable, wire.VendorTimeout, wire.VendorBadAnswer},
		wire.FaultRelay:  {wire.VendorRejected, wire.StoreUnavailable, wire.Internal, wire.NoticeChanged},
	}
	retryable := []wire.Code{
		wire.NoticeChanged, wire.AnswerInvalid, wire.RateLimited, wire.VendorBusy, wire.VendorUnavailable,
		wire.VendorTimeout, wire.VendorBadAnswer, wire.StoreUnavailable, wire.Internal,
	}
	of := map[wire.Code]wire.Fault{}
	for fault, codes := range faults {
		for _, code := range codes {
			of[code] = fault
		}
	}
	for _, code := range wire.Codes() {
		if code.Status() == 0 {
			continue // the widget's own
		}
		want, there := of[code]
		if !there {
			want = wire.FaultPartner
		}
		require.Equal(t, want, code.Fault(), code)
		require.Equal(t, contains(retryable, code), code.Retryable(), code)
	}
}

func contains(codes []wire.Code, code wire.Code) bool {
	for _, c := range codes {
		if c == code {
			return true
		}
	}
	return false
}
