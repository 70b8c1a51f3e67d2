// Command relay is ekyc-connect's server: it serves the widget, keeps the
// consents, and talks to the vendor. `relay help` lists what else it does.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole command: 0, or 1 after one line on stderr that says what to
// do. It ends early when ctx does.
func run(ctx context.Context, args []string, env func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "relay",
		Short: "Aadhaar consent and captcha for your form, and the proof of consent",
		Long: `Aadhaar consent and captcha for your form, and the proof of consent.

Try it:     relay serve --sandbox, then open the url that it prints
Set it up:  relay keygen --help, then relay check --config FILE
Run it:     relay serve --config FILE (relay alone means relay serve)`,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(serveCommand(), checkCommand(env), keygenCommand(), sandboxCommand(), versionCommand(),
		logCommand(env), receiptCommand(), consentsCommand(env), storeCommand(env))
	root.SetArgs(orServe(args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	started := false
	onRun(root, func() { started = true })
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	text := oneLine(err)
	if !started { // what was typed is wrong
		text += fmt.Sprintf("; `%s --help` shows how it is used", cmd.CommandPath())
	}
	fmt.Fprintln(stderr, "relay: "+text)
	return 1
}

// onRun calls note before whatever command runs, once its arguments are right.
func onRun(cmd *cobra.Command, note func()) {
	if inner := cmd.RunE; inner != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			note()
			return inner(cmd, args)
		}
	}
	for _, child := range cmd.Commands() {
		onRun(child, note)
	}
}

// orServe makes `relay` and `relay --flags` mean `relay serve`.
func orServe(args []string) []string {
	if len(args) == 0 {
		return []string{"serve"}
	}
	if first := args[0]; strings.HasPrefix(first, "-") && first != "-h" && first != "--help" {
		return append([]string{"serve"}, args...)
	}
	return args
}

// oneLine is err as one line. Of many problems in a file it shows the first and
// says where the others are told.
func oneLine(err error) string {
	text := err.Error()
	if problems := config.Problems(err); len(problems) > 0 {
		text = problems[0].Error()
		if more := len(problems) - 1; more > 0 {
			text += fmt.Sprintf(" (and %d more: `relay check --config FILE` lists all)", more)
		}
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
