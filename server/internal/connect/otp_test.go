package connect_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/pace"
	"ekycconnect/wasm/wire"
)

// verification is a handle of siteverify's.
func (c *core) verification(t *testing.T) string {
	t.Helper()
	token, _ := c.token(t)
	redeemed, err := c.Redeem(t.Context(), connect.Redeem{Secret: secretOf(shop), Response: token})
	require.NoError(t, err)
	return redeemed.Verification
}

func (c *core) generateOTP(t *testing.T, handle, key string) error {
	_, err := c.GenerateOTP(t.Context(), c.sites[shop], connect.OTPRequest{Verification: handle, IdempotencyKey: key, Typed: "234123412346"})
	return err
}

// However often a partner asks for one consent, it stands in line once, and whom the
// line refuses may come again under the same key.
func TestAConsentStandsInLineOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCore(t)
		c.Accounts[account] = newAccount(t, c.vendor, pace.Plan{PerSecond: 1, PerMinute: 30, PerDay: 1000})
		handle := c.verification(t) // the connect has taken this second's slot
		first := make(chan error, 1)
		go func() { first <- c.generateOTP(t, handle, "first") }()
		synctest.Wait()
		begun := time.Now()
		for _, key := range []string{"first", "second"} {
			require.Equal(t, wire.InProgress, codeOf(t, c.generateOTP(t, handle, key)))
		}
		require.Equal(t, begun, time.Now(), "at once")
		require.NoError(t, <-first)
		require.NotEqual(t, begun, time.Now(), "it had to wait")

		c.Accounts[account] = newAccount(t, c.vendor, pace.Plan{PerSecond: 1, PerMinute: 1, PerDay: 1000})
		handle = c.verification(t)
		calls := c.vendor.calls()
		refused := refusal(t, c.generateOTP(t, handle, "refused"))
		require.Equal(t, wire.VendorBusy, refused.Code)
		require.False(t, refused.Sent)
		require.Positive(t, refused.RetryAfter)
		require.Equal(t, calls, c.vendor.calls())
		time.Sleep(refused.RetryAfter)
		require.NoError(t, c.generateOTP(t, handle, "refused"))
	})
}
