// Command relay is ekyc-connect's server: it serves the widget, keeps the
// consents, and talks to the vendor. `relay help` lists what else it does.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	_ "golang.org/x/crypto/x509roots/fallback" // for a container without certificates of its own

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
)

type environment = func(string) (string, bool)

func main() {
	// The kernel must not write the memory, with its keys and letters, to a disk when
	// the program crashes. Where this cannot be set, nothing else can be done.
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	// net/http writes to the standard logger what a peer sends out of turn: of the
	// vendor that may be a session id. The relay has a logger of its own.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole command: 0, or 1 after one line on stderr that says what to
// do. It ends early when ctx does.
func run(ctx context.Context, args []string, env environment, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand(env)
	root.SetArgs(orServe(args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	started := false
	onRun(root, func(cmd *cobra.Command) error {
		err := emptyFlag(cmd)
		started = err == nil
		return err
	})
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	text := oneLine(err)
	if !started { // what was typed is wrong
		text += fmt.Sprintf("; `%s --help` shows how it is used", cmd.CommandPath())
	} else if remedy := remedy(err); remedy != "" {
		text += ": " + remedy
	}
	fmt.Fprintln(stderr, "relay: "+text)
	return 1
}

// rootCommand is the command with all its commands.
func rootCommand(env environment) *cobra.Command {
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
	root.AddCommand(serveCommand(env), checkCommand(env), keygenCommand(), sandboxCommand(), versionCommand(),
		logCommand(env), receiptCommand(), consentsCommand(env), storeCommand(env), webhooksCommand(env))
	return root
}

// remedy says what to do about what an operating system reports without a word on
// that.
func remedy(err error) string {
	switch {
	case len(config.Problems(err)) > 0:
		return "" // they say it themselves
	case errors.Is(err, fs.ErrNotExist):
		return "look at the name, and from which directory it is meant"
	case errors.Is(err, fs.ErrExist):
		return "choose another name, or move the old file away"
	case errors.Is(err, fs.ErrPermission):
		return "run it as the user that the relay runs as"
	case errors.Is(err, consent.ErrNotFound):
		return "look at the id, and whether this is the data directory of the relay that made it"
	}
	return ""
}

// onRun calls first before whatever command runs, once its arguments are right. The
// command does not run if first refuses it.
func onRun(cmd *cobra.Command, first func(*cobra.Command) error) {
	if inner := cmd.RunE; inner != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := first(cmd); err != nil {
				return err
			}
			return inner(cmd, args)
		}
	}
	for _, child := range cmd.Commands() {
		onRun(child, first)
	}
}

// emptyFlag refuses a flag whose value is empty, as in --against "$UNSET": it would do
// nothing, and nobody would notice.
func emptyFlag(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.String() == "" {
			err = fmt.Errorf("--%s is empty: write its value, or leave it out", f.Name)
		}
	})
	return err
}

// orServe makes `relay` and `relay --flags` mean `relay serve`, and `relay --version`
// `relay version`.
func orServe(args []string) []string {
	if len(args) == 0 {
		return []string{"serve"}
	}
	if args[0] == "--version" {
		return append([]string{"version"}, args[1:]...)
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
