package app

import (
	"context"
	"net"
	"os"
	"slices"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/pace"
)

// Sandbox is what a relay has in place of a configuration: settings of its own, a
// directory that goes with it unless one is named, and the vendor's emulator unless
// another's URL is named. It starts before the relay and is closed after it.
type Sandbox struct {
	Config *config.Config
	Keys   config.Keys

	closers []func()
}

// NewSandbox makes a sandbox for the listener that its visitors come to.
func NewSandbox(public net.Listener, o config.SandboxOptions) (_ *Sandbox, err error) {
	s := &Sandbox{}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	o.PublicURL = localURL(public)
	if o.Data == "" {
		if o.Data, err = os.MkdirTemp("", "ekyc-connect-"); err != nil {
			return nil, err
		}
		s.closers = append(s.closers, func() { _ = os.RemoveAll(o.Data) })
	}
	if o.VendorURL == "" {
		if o.VendorURL, err = s.startEmulator(o.Plan); err != nil {
			return nil, err
		}
		o.Credentials = func(sitekey string) (id, secret string) {
			account, _ := sandbox.Credentials(sitekey)
			return account.ClientID, account.ClientSecret.Reveal()
		}
	}
	s.Config, s.Keys, err = config.Sandbox(o)
	return s, err
}

// startEmulator runs the vendor's emulator, which enforces a plan if one is named.
func (s *Sandbox) startEmulator(plan string) (url string, err error) {
	var o sandbox.Options
	if plan != "" {
		if o.Plan, err = pace.PlanNamed(plan); err != nil {
			return "", err
		}
	}
	emulator, err := NewEmulator("127.0.0.1:0", o)
	if err != nil {
		return "", err
	}
	go func() { _ = emulator.Run(context.Background()) }()
	s.closers = append(s.closers, func() { _ = emulator.Close() })
	return emulator.URL, nil
}

// Close ends the emulator and removes the directory, unless it was named.
func (s *Sandbox) Close() {
	for _, end := range slices.Backward(s.closers) {
		end()
	}
}

// localURL is where a browser on this machine reaches the listener.
func localURL(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "http://" + l.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
