// Command bench measures the built relay and the built widget beside what people
// would use instead, and holds every figure that the design promises against its
// budget:
//
//	go run ./server/internal/bench [-only bytes,page,sessions,growth,waiting,vendor]
//
// A whole run writes server/docs/bench.md and its plots; a part alone is printed.
// Figures that depend on the machine are ratios within the run. The exit status is 1
// if a budget is missed or could not be measured.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// parts in the order of the document.
var parts = []part{
	{"bytes", "Bytes", measureBytes, []budget{readableBudget, wasmBudget}},
	{"page", "The page", measurePage, []budget{noticeBudget, distantBudget, pressBudget, hostBudget}},
	{"sessions", "Starting a session", measureSessions, []budget{throughputBudget, expressBudget}},
	{"growth", "Growth", measureGrowth, []budget{appendBudget, receiptBudget, spaceBudget, verifyBudget}},
	{"waiting", "Memory, start, size", measureWaiting, []budget{waitingBudget}},
	{"vendor", "The vendor's allowance", measureVendor, []budget{vendorBudget}},
}

// errMissed says that a row of the table ends in fail.
var errMissed = errors.New("a budget was missed")

func main() {
	only := flag.String("only", "", "`PARTS` to run, separated by commas; nothing is written then")
	quick := flag.Bool("quick", false, "one short round of everything, to see whether it runs; nothing is written")
	consents := flag.Int("consents", 1_000_000, "how many the ledger grows to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *only, *quick, *consents, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, quick bool, consents int, out io.Writer) (err error) {
	chosen, err := choose(only)
	if err != nil {
		return err
	}
	l, err := newLab(quick, consents, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	var done []finished
	missed := false
	begin := time.Now()
	for _, p := range chosen {
		from := time.Now()
		s, err := measure(ctx, l, p)
		if err != nil {
			l.say("%s: %v", p.name, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.say("%s: %v", p.name, time.Since(from).Round(time.Second))
		for _, r := range s.rows {
			l.say("%s", r)
			missed = missed || !r.pass
		}
		done = append(done, finished{p, s})
	}
	text := document(machine(ctx), time.Since(begin), done)
	if only == "" && !quick {
		if err := os.WriteFile(filepath.Join(l.docs(), "bench.md"), []byte(text), 0o644); err != nil {
			return err
		}
		if err := writePlots(filepath.Join(l.docs(), "img"), done); err != nil {
			return err
		}
	}
	l.say("\n%s", text)
	if missed {
		return errMissed
	}
	return nil
}

func choose(only string) ([]part, error) {
	if only == "" {
		return parts, nil
	}
	var chosen []part
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q", name)
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}
