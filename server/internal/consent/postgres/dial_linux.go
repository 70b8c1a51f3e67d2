package postgres

import (
	"context"
	"net"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7), which package syscall lacks.
const tcpUserTimeout = 18

// dialer makes connections that are given up once the other side has acknowledged
// nothing for lostAfter: else what was sent into a network that swallows it is
// waited for for a quarter of an hour.
func dialer(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: timeout, KeepAliveConfig: keepAlive}
	d.Control = func(network, _ string, c syscall.RawConn) (err error) {
		if network == "unix" {
			return nil
		}
		failed := c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(lostAfter.Milliseconds()))
		})
		if failed != nil {
			return failed
		}
		return err
	}
	return d.DialContext
}
