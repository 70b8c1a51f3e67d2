package allowance

import "ekycconnect/server/internal/pace"

// note is a row of the book: what one turn noted, a column for each member of an
// entry.
type note struct {
	at, was  []int64
	site     []string
	ticketed []bool
}

func newNote(entries []pace.Entry) note {
	n := note{make([]int64, len(entries)), make([]int64, len(entries)), make([]string, len(entries)), make([]bool, len(entries))}
	for i, e := range entries {
		n.at[i], n.was[i], n.site[i], n.ticketed[i] = e.At, e.Was, e.Site, e.Ticketed
	}
	return n
}

// entries adds those of the note to others.
func (n note) entries(to []pace.Entry) []pace.Entry {
	for i := range n.at {
		to = append(to, pace.Entry{At: n.at[i], Was: n.was[i], Site: n.site[i], Ticketed: n.ticketed[i]})
	}
	return to
}
