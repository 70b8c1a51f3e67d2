//go:build !linux

package postgres

import (
	"context"
	"net"
	"time"
)

// dialer makes connections that are looked at from time to time.
func dialer(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{Timeout: timeout, KeepAliveConfig: keepAlive}).DialContext
}
