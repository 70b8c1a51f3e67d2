package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

// UIDAI publishes no real numbers; these are of the right sum and nobody's.
func TestWhatLooksLikeAnAadhaarNumber(t *testing.T) {
	for s, want := range map[string]bool{
		"234123412346":                true,
		"2341 2341 2346":              true,
		"2341-2341-2346":              true,
		"2341.2341.2346":              true,
		"name: 2341 2341 2346, Pune":  true,
		"२३४१२३४१२३४६":                true,
		"２３４１ 2341 ੨੩੪੬":              true,
		"- 2 3 4 1 2 3 4 1 2 3 4 6 .": true,
		"234123412345":                false, // sum
		"1234567890128":               false, // thirteen
		"2341234123461":               false,
		"23412341234":                 false,
		"034123412346":                false,
		"2341/2341/2346":              false, // three runs
		"234123x412346":               false,
		"":                            false,
	} {
		require.Equal(t, want, wire.IsAadhaar(s), "%q", s)
	}
}

func TestVerhoeffFindsEverySingleSlipAndEverySwapOfNeighbours(t *testing.T) {
	const good = "234123412346"
	require.True(t, wire.IsAadhaar(good))
	for i := range good {
		for d := byte('0'); d <= '9'; d++ {
			if d == good[i] {
				continue
			}
			require.False(t, wire.IsAadhaar(good[:i]+string(d)+good[i+1:]))
		}
		if i > 0 && good[i-1] != good[i] {
			require.False(t, wire.IsAadhaar(good[:i-1]+good[i:i+1]+good[i-1:i]+good[i+1:]))
		}
	}
}

func TestTwelveDigitsInARowAreEnoughForASubject(t *testing.T) {
	for s, want := range map[string]bool{
		"000000000000": true, "1234 5678 9012": true, "c-123456789012": true,
		"12345678901": false, "1234567890123": false, "123456_789012": false,
	} {
		require.Equal(t, want, wire.HasTwelveDigits(s), "%q", s)
	}
}
