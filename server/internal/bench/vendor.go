package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

var vendorBudget = budget{"vendor allowance under overload, also with 3 relays", "≥ 99 % used, 0 vendor 429s"}

// pacing is the line of a run at a plan's whole allowance; the relays stand there
// where there are several.
var pacing = regexp.MustCompile(`plan (\w+),(?: (\d+) relays,)? (\S+): (\d+) calls of (\d+) allowed, use ([\d.]+) %, vendor 429s (\d+)`)

// measureVendor runs the tests of pacing for a minute: half as many visitors again
// as the plan allows, and a vendor that refuses what is above it. By one relay, and
// by three that share a database.
func measureVendor(ctx context.Context, l *lab, s *section) error {
	length := "60s"
	if l.quick {
		length = "8s"
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-C", l.root, "-count=1", "-v", "-run", "TheWholeAllowance", "./server", "./server/internal/cluster", "-pace", length)
	out, failed := cmd.CombinedOutput()
	rows := [][]string{{"plan", "relays", "time", "calls to the vendor", "allowed", "used", "429s"}}
	least, refused, alone, several := 100.0, 0, false, false
	for _, found := range pacing.FindAllSubmatch(bytes.ReplaceAll(out, []byte("\n"), []byte(" ")), -1) {
		cell := func(i int) string { return string(found[i]) }
		relays := cell(2)
		if relays == "" {
			relays = "1"
		}
		used, err := strconv.ParseFloat(cell(6), 64)
		if err != nil {
			return err
		}
		many, err := strconv.Atoi(cell(7))
		if err != nil {
			return err
		}
		least, refused = min(least, used), refused+many
		alone, several = alone || relays == "1", several || relays != "1"
		rows = append(rows, []string{cell(1), relays, cell(3), cell(4), cell(5), cell(6) + " %", cell(7)})
	}
	s.line("Half as many visitors again as the plan allows, and a vendor that refuses with 429 whatever is above it.")
	s.table(rows...)
	if !alone || !several {
		return fmt.Errorf("the runs with one relay and with three did not both end: %w: %.600s", failed, out)
	}
	s.judge(vendorBudget, least >= 99 && refused == 0, "%.2f %% at the least, %d", least, refused)
	return nil
}
