package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/pace"
)

// sandboxCommand is `relay sandbox`: the vendor's double alone, for a relay
// elsewhere and for a partner's own tests.
func sandboxCommand() *cobra.Command {
	var listen string
	var latency time.Duration
	var plan string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run the emulator of the vendor's API alone",
		Long: `Run the emulator of the vendor's API alone. It makes no call to anybody.

When it is ready, one line of JSON on standard output says where: {"url":"http://…"}.
Point a relay at it with --vendor-url. Client id and secret are sandbox and sandbox.
GET ` + sandbox.StatsPath + ` counts what has arrived.`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := sandbox.Options{Latency: latency}
			if plan != "" {
				var err error
				if o.Plan, err = pace.PlanNamed(plan); err != nil {
					return err
				}
			}
			return runSandbox(cmd, listen, o)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8090", "address to listen on")
	cmd.Flags().DurationVar(&latency, "latency", 0, "time that every call takes at least")
	cmd.Flags().StringVar(&plan, "plan", "", "refuse with 429 what is above this `PLAN`: starter, business, growth or enterprise")
	return cmd
}

// runSandbox serves until the command's context ends, then gives running calls
// a moment.
func runSandbox(cmd *cobra.Command, address string, o sandbox.Options) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("sandbox: %w: choose another address with --listen", err)
	}
	server := &http.Server{
		Handler:           sandbox.New(o),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	ready, err := json.Marshal(struct {
		URL string `json:"url"`
	}{"http://" + listener.Addr().String()})
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", ready); err != nil {
		server.Close()
		return fmt.Errorf("sandbox: %w", err)
	}
	select {
	case err := <-ended:
		return fmt.Errorf("sandbox: %w", err)
	case <-cmd.Context().Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("sandbox: %w", err)
	}
	return nil
}
