package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/app"
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
			emulator, err := app.NewEmulator(listen, o)
			if err != nil {
				return fmt.Errorf("sandbox: %w: choose another address with --listen", err)
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "{\"url\":%q}\n", emulator.URL); err != nil {
				_ = emulator.Close()
				return fmt.Errorf("sandbox: %w", err)
			}
			if err := emulator.Run(cmd.Context()); err != nil {
				return fmt.Errorf("sandbox: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8090", "address to listen on")
	cmd.Flags().DurationVar(&latency, "latency", 0, "time that every call takes at least")
	cmd.Flags().StringVar(&plan, "plan", "", "refuse with 429 what is above this `PLAN`: starter, business, growth or enterprise")
	return cmd
}
