package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"ekycconnect/server/internal/deepvue/sandbox"
)

// emulatorDrain is how long running calls may take once the emulator is to stop.
const emulatorDrain = 5 * time.Second

// Emulator is the vendor's double on an address of its own.
type Emulator struct {
	URL string

	listener net.Listener
	server   *http.Server
}

// NewEmulator opens the address; calls are answered once Run runs.
func NewEmulator(address string, o sandbox.Options) (*Emulator, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return &Emulator{URL: "http://" + listener.Addr().String(), listener: listener, server: &http.Server{
		Handler:           sandbox.New(o),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
	}}, nil
}

// Run answers calls until ctx ends, then gives running ones a moment.
func (e *Emulator) Run(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- e.server.Serve(e.listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), emulatorDrain)
	defer cancel()
	if err := e.server.Shutdown(drain); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

// Close ends calls that are under way.
func (e *Emulator) Close() error { return errors.Join(e.listener.Close(), e.server.Close()) }
