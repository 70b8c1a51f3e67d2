package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// finished is a part with what it has to say.
type finished struct {
	part
	section *section
}

// document is server/docs/bench.md.
func document(machine string, took time.Duration, done []finished) string {
	var out strings.Builder
	fmt.Fprintf(&out, `# Benchmarks

Made by `+"`make bench`"+` (%v), which writes this page and its plots; a part alone: `+"`go run ./server/internal/bench -only PART`"+`, after `+"`make build`"+`.

%s. The load and the vendor's double run on the same machine, so speeds are given as ratios within the run, round by round:
the median of at least five rounds, with the least and the most in brackets. What could not be measured is a row that failed.

## Budgets

| what | budget | measured | |
|---|---|---|---|
`, took.Round(time.Second), machine)
	for _, f := range done {
		for _, r := range f.section.rows {
			fmt.Fprintln(&out, r)
		}
	}
	for _, f := range done {
		fmt.Fprintf(&out, "\n## %s\n\nPart `%s`.\n\n%s", f.title, f.name, strings.TrimLeft(f.section.text.String(), "\n"))
	}
	text := out.String()
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return strings.TrimRight(text, "\n") + "\n"
}

// writePlots puts the parts' plots where the page looks for them.
func writePlots(dir string, done []finished) error {
	for _, f := range done {
		for name, svg := range f.section.plots {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(svg), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
