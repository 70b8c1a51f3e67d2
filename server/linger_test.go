package main

import (
	"net"
	"testing"

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
