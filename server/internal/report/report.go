// Package report writes what commands tell an operator.
package report

import (
	"fmt"
	"io"
)

// Line writes a name and what is to be said of it.
func Line(out io.Writer, name, text string) { fmt.Fprintf(out, "%-13s%s\n", name, text) }

// Count writes "1 problem", "2 problems".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
