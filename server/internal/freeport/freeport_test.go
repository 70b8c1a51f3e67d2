package freeport

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

const each = 250 // ports of a process

// Of so many ports some would be the same by chance alone.
func TestNobodyGetsAPortThatAnotherHas(t *testing.T) {
	if os.Getenv("FREEPORT_IN") == "another" {
		for range each {
			port, err := Take()
			require.NoError(t, err)
			fmt.Println("port", port)
		}
		_, _ = io.Copy(io.Discard, os.Stdin) // until all have theirs
		return
	}
	seen := map[int]bool{}
	for range 3 {
		another := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
		another.Env = append(os.Environ(), "FREEPORT_IN=another")
		stdin, err := another.StdinPipe()
		require.NoError(t, err)
		stdout, err := another.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, another.Start())
		t.Cleanup(func() { _ = stdin.Close(); _ = another.Wait() })
		lines := bufio.NewReader(stdout)
		for range each {
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			var port int
			_, err = fmt.Sscanf(line, "port %d", &port)
			require.NoError(t, err, line)
			require.False(t, seen[port], port)
			seen[port] = true
		}
	}
}

func TestAPortThatIsTakenCanBeListenedOn(t *testing.T) {
	at, err := Address()
	require.NoError(t, err)
	l, err := net.Listen("tcp", at)
	require.NoError(t, err)
	defer l.Close()
	packets, err := net.ListenPacket("udp", at)
	require.NoError(t, err, "for HTTP/3")
	require.NoError(t, packets.Close())
}
