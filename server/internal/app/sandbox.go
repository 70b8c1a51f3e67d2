package main

import (
	"net"
	"net/http"
	"os"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/pace"
)

// sandboxed starts the emulator and makes the sandbox's settings.
func (f serveFlags) sandboxed(public net.Listener) (s settings, err error) {
	o := config.SandboxOptions{Data: f.data, PublicURL: localURL(public), VendorURL: f.vendorURL, Plan: f.plan, Limits: f.limits}
	var undo []func()
	s.close = func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if o.Data == "" {
		if o.Data, err = os.MkdirTemp("", "ekyc-connect-"); err != nil {
			return s, err
		}
		undo = append(undo, func() { _ = os.RemoveAll(o.Data) })
	}
	if o.VendorURL == "" {
		var double sandbox.Options
		if o.Plan != "" {
			if double.Plan, err = pace.PlanNamed(o.Plan); err != nil {
				return s, err
			}
		}
		emulator, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return s, err
		}
		server := &http.Server{Handler: sandbox.New(double), ReadHeaderTimeout: readHeaderTimeout}
		go func() { _ = server.Serve(emulator) }()
		undo = append(undo, func() { _ = server.Close() })
		o.VendorURL = "http://" + emulator.Addr().String()
		o.Credentials = func(sitekey string) (id, secret string) {
			account, _ := sandbox.Credentials(sitekey)
			return account.ClientID, account.ClientSecret.Reveal()
		}
	}
	s.config, s.keys, err = config.Sandbox(o)
	return s, err
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
