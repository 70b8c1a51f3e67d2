package consent_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

func FuzzCursorsAreOursOrRefused(f *testing.F) {
	for _, index := range []int64{0, 1, 255, 1 << 40, math.MaxInt64} {
		f.Add(consent.NewCursor(index))
	}
	for _, bad := range []string{"x", "AAAAAAAAAAB", "_________-8", "AAAAAAAAAAA=", "AAAAAAAAAAAA"} {
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		before, err := consent.ParseCursor(cursor)
		switch {
		case err != nil:
			require.ErrorIs(t, err, consent.ErrCursor)
		case cursor == "":
			require.EqualValues(t, int64(math.MaxInt64), before)
		default:
			require.GreaterOrEqual(t, before, int64(0))
			require.Equal(t, cursor, consent.NewCursor(before), "one index has one cursor")
		}
	})
}
