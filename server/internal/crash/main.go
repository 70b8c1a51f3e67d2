// Command crash kills a relay at random moments while it records consents, as a
// power cut would, and looks each time whether anything that it had acknowledged
// is missing and whether its log is whole:
//
//	go run ./server/internal/crash -rounds 200
//
// It prints "rounds 200 lost 0", or what was lost and where.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 200, "how often the relay is killed")
	callers := flag.Int("callers", 32, "how many ask for consent at the same time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *rounds, *callers, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(1)
	}
}

// run does it all in a directory of its own, which it leaves behind if
// something was lost.
func run(ctx context.Context, rounds, callers int, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "ekyc-crash-")
	if err != nil {
		return err
	}
	c := &crash{data: filepath.Join(dir, "data"), program: filepath.Join(dir, "relay"), callers: callers}
	build, err := exec.CommandContext(ctx, "go", "build", "-o", c.program, "ekycconnect/server").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the relay: %w\n%s", err, build)
	}
	for round := range rounds {
		if err := c.round(ctx); err != nil {
			return fmt.Errorf("round %d: %w; the ledger is left in %s", round+1, err, dir)
		}
	}
	// Once more all of them, by a relay that nobody kills.
	last, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer last.kill()
	if err := last.hasAll(ctx, c.acknowledged); err != nil {
		return fmt.Errorf("after all rounds: %w; the ledger is left in %s", err, dir)
	}
	fmt.Fprintf(out, "acknowledged %d in flight at a kill %d\n", len(c.acknowledged), c.unanswered)
	fmt.Fprintf(out, "rounds %d lost 0\n", rounds)
	return os.RemoveAll(dir)
}

// crash is a ledger that lives through the rounds.
type crash struct {
	data, program string
	callers       int
	acknowledged  []string // consents that some caller was told of
	last          []string // those of the last round
	unanswered    int      // requests whose answer the kill swallowed
}

// longest is how long a relay is under load at most before it is killed.
const longest = 600 * time.Millisecond
