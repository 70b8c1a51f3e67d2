package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/redact"
	"ekycconnect/server/internal/startline"
)

type serveFlags struct {
	config    string
	sandbox   bool
	listen    string
	admin     string
	data      string
	vendorURL string
	plan      string
	limits    bool
}

// serveCommand is `relay serve`, which is also what `relay` alone does.
func serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve (--config FILE | --sandbox)",
		Short: "Serve the widget and its routes",
		Long: `Serve the widget and its routes. When it is ready, one line of JSON on standard
output says where: {"url":…, "admin_url":…, "sandbox":…}. Logs go to standard error.

--sandbox needs no configuration: it brings an emulator of the vendor and test
sitekeys, and allows pages on localhost only. Its demo is at the printed url.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), f, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "configuration `FILE` (YAML)")
	flags.BoolVar(&f.sandbox, "sandbox", false, "run without configuration, against an emulator")
	flags.StringVar(&f.listen, "listen", "", "`ADDR` for browsers and partners (default: of the configuration, or 127.0.0.1:8080)")
	flags.StringVar(&f.admin, "admin", "", "`ADDR` for metrics and readiness in words (default: of the configuration, or 127.0.0.1:8081)")
	flags.StringVar(&f.data, "data", "", "`DIR` of the ledger (default: of the configuration, or a temporary directory)")
	flags.StringVar(&f.vendorURL, "vendor-url", "", "with --sandbox: another emulator's `URL`, credentials sandbox/sandbox")
	flags.StringVar(&f.plan, "vendor-plan", "", "with --sandbox: pace vendor calls by this `PLAN`, which the emulator then enforces: starter, business, growth or enterprise")
	flags.BoolVar(&f.limits, "limits", false, "with --sandbox: limit requests by address, as outside it")
	cmd.MarkFlagsMutuallyExclusive("config", "sandbox")
	cmd.MarkFlagsOneRequired("config", "sandbox")
	return cmd
}

// serve runs until ctx ends, then lets running requests finish and closes the
// store.
func serve(ctx context.Context, f serveFlags, stdout, stderr io.Writer) (err error) {
	s := settings{config: &config.Config{Listen: "127.0.0.1:8080", AdminListen: "127.0.0.1:8081"}}
	if !f.sandbox {
		if s.config, err = config.Load(f.config, os.LookupEnv); err != nil {
			return err
		}
		if f.data != "" {
			s.config.UseData(f.data)
		}
		if s.keys, err = config.LoadKeys(s.config.Keys); err != nil {
			return err
		}
	}
	public, admin, err := f.open(s.config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeUnserved(public, admin)) }()
	if f.sandbox {
		if s, err = f.sandboxed(public); err != nil {
			return err
		}
		defer s.close()
	}
	log := slog.New(slog.NewJSONHandler(redact.Writer(stderr), &slog.HandlerOptions{Level: s.config.Log.Level}))
	if f.sandbox {
		if s.demo, err = demoOf(s.config, log); err != nil {
			return err
		}
	}
	r, err := newRelay(ctx, s.config, s.keys, s.demo, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	limitMemory(s.config.Connections.Total, os.LookupEnv)
	return r.run(ctx, public, admin, startline.Line{URL: s.config.PublicURL, AdminURL: "http://" + admin.Addr().String(), Sandbox: f.sandbox}, stdout, log)
}

// settings is what serve needs of a configuration or of the sandbox.
type settings struct {
	config *config.Config
	keys   config.Keys
	demo   http.Handler // sandbox only
	close  func()       // sandbox only
}

// open opens both addresses first, so that the sandbox's own URL is known and
// a taken port is found before anything else is done.
func (f *serveFlags) open(c *config.Config) (public, admin net.Listener, err error) {
	if public, err = net.Listen("tcp", cmp.Or(f.listen, c.Listen)); err != nil {
		return nil, nil, fmt.Errorf("%w: choose another address with --listen", err)
	}
	if admin, err = net.Listen("tcp", cmp.Or(f.admin, c.AdminListen)); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w: choose another address with --admin", err), public.Close())
	}
	return public, admin, nil
}
