//go:build engines

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
)

// table is what passed of what was tried, by row and column.
type table map[[2]string]string

// run tries something as a subtest, if that is asked for.
func (a table) run(t *testing.T, row, column string, try func(t *testing.T)) {
	t.Helper()
	t.Run(row, func(t *testing.T) {
		a.try(row, column, func() { try(t) })
	})
}

// try notes how it ends; what fails a test does not come back.
func (a table) try(row, column string, try func()) {
	a[[2]string{row, column}] = "FAILS"
	try()
	a[[2]string{row, column}] = "ok"
}

// print writes it to the test's log; what was not tried is a dash.
func (a table) print(t *testing.T, rows, columns []string) {
	t.Helper()
	var text strings.Builder
	out := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "\t"+strings.Join(columns, "\t"))
	for _, row := range rows {
		fmt.Fprint(out, "\n"+row)
		for _, column := range columns {
			cell := a[[2]string{row, column}]
			if cell == "" {
				cell = "–"
			}
			fmt.Fprint(out, "\t"+cell)
		}
	}
	fmt.Fprintln(out)
	if err := out.Flush(); err != nil {
		t.Error(err)
	}
	t.Logf("\n%s", text.String())
}
