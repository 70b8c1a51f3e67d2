package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
)

// part is one subject of the benchmark, which can be run alone.
type part struct {
	name  string
	title string
	run   func(context.Context, *lab, *section) error
	// owes are the budgets that the part answers for: those that it leaves out,
	// for whatever reason, have failed.
	owes []budget
}

// budget is one thing that the design promises.
type budget struct{ what, limit string }

// row is what became of a budget.
type row struct {
	budget
	measured string
	pass     bool
}

// cell keeps a text within its cell.
var cell = strings.NewReplacer("\n", " ", "|", `\|`)

func (r row) String() string {
	verdict := "fail"
	if r.pass {
		verdict = "pass"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", r.what, r.limit, cell.Replace(r.measured), verdict)
}

// section is what a part has to say: rows of the budgets' table, its own
// Markdown, and the plots that it shows.
type section struct {
	rows  []row
	text  strings.Builder
	plots map[string]string // SVG by file name
}

// judge answers for a budget.
func (s *section) judge(b budget, pass bool, format string, args ...any) {
	s.rows = append(s.rows, row{b, fmt.Sprintf(format, args...), pass})
}

// line adds a line of Markdown.
func (s *section) line(format string, args ...any) { fmt.Fprintf(&s.text, format+"\n", args...) }

// table adds a table. The first row is its head.
func (s *section) table(rows ...[]string) {
	s.line("")
	for i, cells := range rows {
		s.line("| %s |", strings.Join(cells, " | "))
		if i == 0 {
			s.line("|%s", strings.Repeat("---|", len(cells)))
		}
	}
	s.line("")
}

// measure runs a part. A budget of which it has said nothing is a row that
// failed, with the reason.
func measure(ctx context.Context, l *lab, p part) (s *section, err error) {
	s = new(section)
	err = safely(func() error { return p.run(ctx, l, s) })
	if err != nil {
		s.line("\nThis part did not run to its end: %v\n", err)
	}
	for _, owed := range p.owes {
		if !s.judged(owed) {
			s.judge(owed, false, "not measured: %v", cmp.Or(err, errUnmeasured))
		}
	}
	return s, err
}

var errUnmeasured = errors.New("see below")

func (s *section) judged(b budget) bool {
	for _, r := range s.rows {
		if r.budget == b {
			return true
		}
	}
	return false
}

// safely makes an error of a panic, so that the parts after it still run.
func safely(run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return run()
}
