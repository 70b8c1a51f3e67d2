package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

var vendorBudget = budget{"vendor allowance, whole verifications under overload, also with 3 relays", "≥ 90 % used (starter), ≥ 95 % (others), ≤ 2 % refused after the picture, 0 vendor 429s"}

// pacing is the line of a run at a plan's whole allowance, as pacetest logs it.
var pacing = regexp.MustCompile(`plan (\w+), (\d+) accounts, (\d+) relays, load ([\d.]+), (\S+): (\d+) begun of \d+, (\d+) verified, refused after the picture ([\d.]+) %, used of the last \d+ s ([\d.]+) %, vendor 429s (\d+)`)

// measureVendor runs the tests of pacing for three minutes: more people come than the plan
// carries, and a vendor refuses what is above it. By one relay, and by three that share a
// database.
func measureVendor(ctx context.Context, l *lab, s *section) error {
	length := "180s"
	if l.quick {
		length = "8s"
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-C", l.root, "-count=1", "-p", "1", "-parallel", "4", "-v", "-run", "TheWholeAllowance", "./server", "./server/internal/cluster", "-pace", length)
	out, failed := cmd.CombinedOutput()
	rows := [][]string{{"plan", "accounts", "relays", "load", "time", "begun", "verified", "refused after the picture", "used", "429s"}}
	least := map[bool]float64{true: 100, false: 100} // of starter, of the others
	worst, refused, alone, several := 0.0, 0, false, false
	for _, found := range pacing.FindAllSubmatch(bytes.ReplaceAll(out, []byte("\n"), []byte(" ")), -1) {
		cell := func(i int) string { return string(found[i]) }
		lost, err := strconv.ParseFloat(cell(8), 64)
		if err != nil {
			return err
		}
		used, err := strconv.ParseFloat(cell(9), 64)
		if err != nil {
			return err
		}
		many, err := strconv.Atoi(cell(10))
		if err != nil {
			return err
		}
		starter := cell(1) == "starter"
		least[starter] = min(least[starter], used)
		worst, refused = max(worst, lost), refused+many
		alone, several = alone || cell(3) == "1", several || cell(3) != "1"
		rows = append(rows, []string{cell(1), cell(2), cell(3), cell(4), cell(5), cell(6), cell(7), cell(8) + " %", cell(9) + " %", cell(10)})
	}
	s.line("More people than the plan carries to the end, with pauses of 4–12 s and 8–20 s; 30 % leave, some ask for another picture or mistype. A vendor refuses with 429 whatever is above the plan. What is used counts from the end of the first minute on: before, people are still to come who go on. Of starter, several accounts are pooled: two minutes of one are 60 calls.")
	s.table(rows...)
	if !alone || !several {
		return fmt.Errorf("the runs with one relay and with three did not both end: %w: %.600s", failed, out)
	}
	s.judge(vendorBudget, least[true] >= 90 && least[false] >= 95 && worst <= 2 && refused == 0, "%.2f %% at the least (starter), %.2f %% (others), %.2f %%, %d", least[true], least[false], worst, refused)
	return nil
}
