package pace

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestALineSaysWhatIsSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		yesterday := time.Now().Add(-23 * time.Hour).UnixMicro()
		line, err := New(Plan{2, 30, 1000}, NewMemory([]Entry{{At: yesterday, Site: "a", Kind: VerifyOTP}}), Options{})
		require.NoError(t, err)
		defer line.Close()
		line.Uses() // has what was spent before a restart read
		synctest.Wait()
		require.Equal(t, []Use{{"second", 0, 2}, {"minute", 0, 30}, {"day", 1, 1000}}, line.Uses())
		slot, err := line.Enter(t.Context(), Request{Site: "a", Kind: Connect})
		require.NoError(t, err)
		require.NoError(t, slot.Send(t.Context(), "consent"))
		slot.Sent()
		slot.Answered()
		slot.Done()
		time.Sleep(2 * time.Second)
		require.Equal(t, []Use{{"second", 0, 2}, {"minute", 1, 30}, {"day", 2, 1000}}, line.Uses())
		time.Sleep(2 * time.Hour)
		require.Equal(t, []Use{{"second", 0, 2}, {"minute", 0, 30}, {"day", 1, 1000}}, line.Uses())
	})
}
