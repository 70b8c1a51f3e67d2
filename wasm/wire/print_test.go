//go:build !js

package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

// The widget lets these through: the tables would cost every visitor 4 KB, and
// the relay is the judge.
func TestTheRelayRefusesWhatIsNotPrintable(t *testing.T) {
	for _, subject := range []string{"a\u200e", "a\xff", "\ufeff", "a\u2028b", "\U000e0041"} {
		_, ok := wire.Subject(subject)
		require.False(t, ok, "%q", subject)
	}
}
