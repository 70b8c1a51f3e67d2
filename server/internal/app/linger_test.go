package app

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhoIsAtTheDoorWhenAListenerClosesIsLetIn(t *testing.T) {
	door, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := linger(door)
	for range 20 {
		c, err := net.Dial("tcp", door.Addr().String())
		require.NoError(t, err)
		defer c.Close()
	}
	require.NoError(t, l.Close())
	for range 20 {
		c, err := l.Accept()
		require.NoError(t, err)
		require.NoError(t, c.Close())
	}
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = net.Dial("tcp", door.Addr().String())
	require.Error(t, err, "nobody listens any more")
}

// Whoever comes after the wait was over, and before the listener is closed.
func TestWhoComesAtTheLastMomentIsLetInToo(t *testing.T) {
	door, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := linger(door).(*lingering)
	late := func() { l.until, l.quiet = time.Now().Add(time.Minute), true }
	require.NoError(t, l.Close())
	caller, err := net.Dial("tcp", door.Addr().String())
	require.NoError(t, err)
	defer caller.Close()
	late()
	c, err := l.Accept()
	require.NoError(t, err)
	_, err = c.Write([]byte("come in"))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	said, err := io.ReadAll(caller)
	require.NoError(t, err)
	require.Equal(t, "come in", string(said))
	late()
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}
