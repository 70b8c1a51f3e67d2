package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/check"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/redact"
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
func serveCommand(env environment) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve (--config FILE | --sandbox [--vendor-url URL] [--vendor-plan PLAN] [--limits])",
		Short: "Serve the widget and its routes",
		Long: `Serve the widget and its routes. When it is ready, one line of JSON on standard
output says where: {"url":…, "admin_url":…, "sandbox":…}. Logs go to standard error.

--sandbox needs no configuration: it brings an emulator of the vendor and test
sitekeys, and allows pages on localhost only. Its demo is at the printed url.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"vendor-url", "vendor-plan", "limits"} {
				if cmd.Flags().Changed(name) && !f.sandbox {
					return fmt.Errorf("--%s is for --sandbox alone: with --config, accounts and limits stand in the file", name)
				}
			}
			return serve(cmd.Context(), f, env, cmd.OutOrStdout(), cmd.ErrOrStderr())
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
func serve(ctx context.Context, f serveFlags, env environment, stdout, stderr io.Writer) (err error) {
	// First of all, since the signal ends a program that does not wait for it.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	load := func() (check.Loaded, error) {
		return check.Load(check.Options{Config: f.config, Data: f.data, Env: env})
	}
	loaded := check.Loaded{Config: &config.Config{Listen: "127.0.0.1:8080", AdminListen: "127.0.0.1:8081"}}
	if !f.sandbox {
		if loaded, err = load(); err != nil {
			return err
		}
	}
	c, keys := loaded.Config, loaded.Keys
	listeners, err := app.Listen(app.Address{Flag: f.listen, Config: c.Listen}, app.Address{Flag: f.admin, Config: c.AdminListen})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, listeners.Close()) }()
	options := []app.Option{app.Renewal(hangup, func() (*config.Config, config.Keys, error) {
		l, err := load()
		return l.Config, l.Keys, err
	})}
	if f.sandbox {
		sandbox, err := app.NewSandbox(listeners.Public, config.SandboxOptions{Data: f.data, VendorURL: f.vendorURL, Plan: f.plan, Limits: f.limits})
		if err != nil {
			return err
		}
		defer sandbox.Close()
		c, keys, options = sandbox.Config, sandbox.Keys, []app.Option{app.Renewal(hangup, nil), app.Demo()}
	}
	level := new(slog.LevelVar)
	level.Set(c.Log.Level)
	log := slog.New(slog.NewJSONHandler(redact.Writer(stderr), &slog.HandlerOptions{Level: level}))
	relay, err := app.New(ctx, c, keys, log, append(options, app.Level(level))...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, relay.Close()) }()
	for _, warning := range loaded.Warnings {
		log.Warn("configuration: " + warning)
	}
	app.LimitMemory(c.Connections.Total, env)
	return relay.Run(ctx, listeners, stdout)
}
