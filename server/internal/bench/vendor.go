package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

var vendorBudget = budget{"vendor allowance, whole verifications under overload, also with 3 relays", "≥ 90 % used, ≤ 2 % refused after the picture, 0 vendor 429s"}

// pacing is the line of a run at a plan's whole allowance.
var pacing = regexp.MustCompile(`plan (\w+), (\d+) relays, load ([\d.]+), (\S+): (\d+) begun of \d+, (\d+) verified, refused after the picture ([\d.]+) %, used ([\d.]+) %, vendor 429s (\d+)`)

// measureVendor runs the tests of pacing for three minutes: half as many people as the
// plan carries come beyond that, and a vendor refuses what is above it. By one relay,
// and by three that share a database.
func measureVendor(ctx context.Context, l *lab, s *section) error {
	length := "180s"
	if l.quick {
		length = "8s"
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-C", l.root, "-count=1", "-v", "-run", "TheWholeAllowance", "./server", "./server/internal/cluster", "-pace", length)
	out, failed := cmd.CombinedOutput()
	rows := [][]string{{"plan", "relays", "load", "time", "begun", "verified", "refused after the picture", "used", "429s"}}
	least, worst, refused, alone, several := 100.0, 0.0, 0, false, false
	for _, found := range pacing.FindAllSubmatch(bytes.ReplaceAll(out, []byte("\n"), []byte(" ")), -1) {
		cell := func(i int) string { return string(found[i]) }
		lost, err := strconv.ParseFloat(cell(7), 64)
		if err != nil {
			return err
		}
		used, err := strconv.ParseFloat(cell(8), 64)
		if err != nil {
			return err
		}
		many, err := strconv.Atoi(cell(9))
		if err != nil {
			return err
		}
		if cell(1) != "starter" { // of 60 calls, one person more or less is 5 %
			least = min(least, used)
		}
		worst, refused = max(worst, lost), refused+many
		alone, several = alone || cell(2) == "1", several || cell(2) != "1"
		rows = append(rows, []string{cell(1), cell(2), cell(3), cell(4), cell(5), cell(6), cell(7) + " %", cell(8) + " %", cell(9)})
	}
	s.line("Half as many people again as the plan carries to the end, with pauses of 4–12 s and 8–20 s; 30 % leave. A vendor refuses with 429 whatever is above the plan.")
	s.table(rows...)
	if !alone || !several {
		return fmt.Errorf("the runs with one relay and with three did not both end: %w: %.600s", failed, out)
	}
	s.judge(vendorBudget, least >= 90 && worst <= 2 && refused == 0, "%.2f %% at the least, %.2f %%, %d", least, worst, refused)
	return nil
}
