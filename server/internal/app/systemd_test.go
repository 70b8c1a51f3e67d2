package app

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A relay that does not answer any more is not called alive.
func TestTheWatchdogIsFedWhileTheRelayAnswers(t *testing.T) {
	at := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: at, Net: "unixgram"})
	require.NoError(t, err)
	defer systemd.Close()
	t.Setenv("NOTIFY_SOCKET", at)
	t.Setenv("WATCHDOG_USEC", "200000")
	var well, asked atomic.Int64
	sick := make(chan struct{})
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/healthz", r.URL.Path)
		select {
		case <-sick:
			asked.Add(1)
			w.WriteHeader(http.StatusInternalServerError)
		default:
			well.Add(1)
		}
	}))
	defer admin.Close()
	var log bytes.Buffer
	r := &Relay{log: slog.New(slog.NewTextHandler(&log, nil))}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.feedWatchdog(ctx, admin.Listener.Addr()) }()
	state := make([]byte, 64)
	for range 3 {
		n, err := systemd.Read(state)
		require.NoError(t, err)
		require.Equal(t, "WATCHDOG=1", string(state[:n]))
	}
	close(sick)
	require.Eventually(t, func() bool { return asked.Load() > 3 }, time.Minute, time.Millisecond)
	stop()
	require.NoError(t, <-ended)
	fed := 3
	for systemd.SetReadDeadline(time.Now().Add(10*time.Millisecond)) == nil {
		if _, err := systemd.Read(state); err != nil {
			break
		}
		fed++
	}
	require.LessOrEqual(t, int64(fed), well.Load(), "after a good answer alone")
	require.GreaterOrEqual(t, int64(strings.Count(log.String(), "does not answer itself")), asked.Load()-1, "but for the one under way at the end")
}

func TestAWatchdogThatCannotBeReadStopsTheStart(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "soon")
	require.ErrorContains(t, (&Relay{}).feedWatchdog(t.Context(), &net.TCPAddr{}), "watchdog")
}
