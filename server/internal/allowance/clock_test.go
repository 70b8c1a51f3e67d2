package allowance

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheClockIsNeverAheadNorFurtherBehindThanItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, apart := new(clock), time.Hour // the database's clock is ahead of this machine's
		read := func(there, back time.Duration) {
			t.Helper()
			asked := time.Now()
			time.Sleep(there)
			at := time.Now().Add(apart).UnixMicro()
			time.Sleep(back)
			c.set(asked, time.Now(), at)
			now, most := c.now()
			behind := time.Now().Add(apart).Sub(now)
			require.GreaterOrEqual(t, behind, time.Duration(0))
			require.LessOrEqual(t, behind, most+time.Microsecond, "µs are what the database tells")
		}
		behind := func() time.Duration { _, behind := c.now(); return behind }
		const ms = time.Millisecond
		read(0, 40*ms)
		require.Equal(t, 40*ms, behind())
		read(40*ms, 0)
		require.Equal(t, 40*ms, behind())
		read(ms, ms)
		require.Equal(t, 2*ms, behind())
		read(50*ms, 50*ms)
		require.Equal(t, 2*ms, behind(), "a reading that is better and young stays")

		apart = -time.Hour // another server took over
		c.forget()
		require.Equal(t, 2*ms, behind(), "until the next reading")
		read(30*ms, 20*ms)
		require.Equal(t, 50*ms, behind())
	})
}
