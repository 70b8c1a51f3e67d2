package mac_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/mac"
)

func TestItIsTheStandardLibrarysForManyAtATime(t *testing.T) {
	key := []byte("a key")
	m := mac.New(key)
	var all sync.WaitGroup
	for i := range byte(50) {
		all.Go(func() {
			input := make([]byte, i)
			want := hmac.New(sha256.New, key)
			want.Write(input)
			got := m.Of(input)
			if !hmac.Equal(want.Sum(nil), got[:]) {
				t.Errorf("of %d bytes", i)
			}
		})
	}
	all.Wait()
	require.NotEqual(t, m.Of(nil), mac.New(nil).Of(nil))
}

// Its costs are why it is there.
func TestASumAllocatesNothing(t *testing.T) {
	m := mac.New([]byte("a key"))
	var input [16]byte
	require.Zero(t, testing.AllocsPerRun(100, func() { m.Of(input[:]) }))
}
