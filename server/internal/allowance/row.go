package allowance

import (
	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/pace"
)

// row is one of table allowance_note: what one turn wrote, a column for each member of
// an entry.
type row struct {
	at, was  []int64
	site     []string
	ticketed []bool
	kind     []string // shorter, as consent, if an older relay wrote it
	consent  []string
}

const rowColumns = `at, was, site, ticketed, kind, consent`

func newRow(entries []pace.Entry) row {
	r := row{make([]int64, len(entries)), make([]int64, len(entries)), make([]string, len(entries)), make([]bool, len(entries)), make([]string, len(entries)), make([]string, len(entries))}
	for i, e := range entries {
		r.at[i], r.was[i], r.site[i], r.ticketed[i], r.kind[i], r.consent[i] = e.At, e.Was, e.Site, e.Ticketed, string(e.Kind), e.Consent
	}
	return r
}

// readRows adds the entries of all rows to others, and has read know each row's seq.
func readRows(rows pgx.Rows, to []pace.Entry, read func(seq int64)) ([]pace.Entry, error) {
	var seq int64
	var r row
	_, err := pgx.ForEachRow(rows, []any{&seq, &r.at, &r.was, &r.site, &r.ticketed, &r.kind, &r.consent}, func() error {
		read(seq)
		for i := range r.at {
			e := pace.Entry{At: r.at[i], Was: r.was[i], Site: r.site[i], Ticketed: r.ticketed[i]}
			if i < len(r.kind) {
				e.Kind, e.Consent = pace.Kind(r.kind[i]), r.consent[i]
			}
			to = append(to, e)
		}
		return nil
	})
	return to, err
}
