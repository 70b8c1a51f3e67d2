// Package freeport finds ports for programs that are told theirs before they listen, such
// as those that tests start.
package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// The ports lie below those that the kernel gives to outgoing connections and to whoever
// leaves the choice to it (32768 and up on Linux), so that none of them takes one before
// its program listens, or while the program is stopped.
const (
	first = 20000
	last  = 29999
	tries = 1000

	// toHeld leads from a port to the UDP port that is held as a sign that it is taken.
	// The two ranges do not overlap: a program may use its own port for UDP as well.
	toHeld = -10000
)

var (
	mu   sync.Mutex
	held []net.PacketConn // until this process ends
)

// Take returns a port of 127.0.0.1 that nobody listens on. No other caller gets it while
// this process lives, in no other process either.
func Take() (int, error) {
	var failed error
	for range tries {
		port := first + rand.IntN(last-first+1)
		sign, err := net.ListenPacket("udp4", address(port+toHeld))
		if err != nil {
			failed = err
			continue
		}
		l, err := net.Listen("tcp4", address(port))
		if err != nil {
			failed = errors.Join(err, sign.Close())
			continue
		}
		mu.Lock()
		held = append(held, sign)
		mu.Unlock()
		return port, l.Close()
	}
	return 0, fmt.Errorf("freeport: %w", failed)
}

// Address is 127.0.0.1 with a port that Take returned.
func Address() (string, error) {
	port, err := Take()
	return address(port), err
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
