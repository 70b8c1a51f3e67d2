package check

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/notice"
)

// describeLanguages prints a table of all built-in languages: how far each
// translation is, and what it lacks to be offered for each purpose.
func describeLanguages(out io.Writer, c *config.Config) error {
	languages, err := notice.Languages()
	if err != nil {
		return err
	}
	purposes := slices.Sorted(maps.Keys(c.Purposes))
	fmt.Fprintln(out, "\nLanguages")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "  tag\tstatus")
	for _, id := range purposes {
		fmt.Fprint(table, "\t", id)
	}
	fmt.Fprintln(table, "\tname")
	for _, l := range languages {
		fmt.Fprintf(table, "  %s\t%s", l.Tag, l.Status)
		for _, id := range purposes {
			fmt.Fprint(table, "\t", offered(l, c.Purposes[id], c.AllowDrafts))
		}
		// Last, since columns after it would not line up in every script.
		fmt.Fprintln(table, "\t"+l.Name)
	}
	return table.Flush()
}

// offered says whether a language is offered for a purpose, or why not.
func offered(l notice.Language, p notice.Purpose, allowDrafts bool) string {
	_, words := p.Texts[l.Tag]
	switch {
	case !words:
		return "your texts are missing"
	case l.Status == notice.Draft && !allowDrafts:
		return "needs allow_drafts"
	}
	return "offered"
}
