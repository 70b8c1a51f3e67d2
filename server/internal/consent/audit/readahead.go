package audit

import (
	"context"
	"errors"
	"slices"
)

// batchRows is how many rows are read at a time. Up to four batches are read before
// they are checked.
const batchRows = 512

// batch holds rows with their own copies of the bytes.
type batch struct {
	rows  []Row
	bytes []byte
}

// keep copies a row whose bytes are valid during the source's call only.
func (b *batch) keep(r Row) {
	for _, text := range []*[]byte{&r.Consent, &r.Site, &r.Body, &r.Salt, &r.Entry, &r.Above} {
		from := len(b.bytes)
		b.bytes = append(b.bytes, *text...)
		*text = b.bytes[from:len(b.bytes):len(b.bytes)]
	}
	r.Claims, r.Subjects = slices.Clone(r.Claims), slices.Clone(r.Subjects)
	b.rows = append(b.rows, r)
}

var errJudged = errors.New("audit: a row is wrong: no more need be read")

// readAhead reads the rows in a goroutine of its own and calls each for them in
// order: reading takes about as long as checking.
func readAhead(ctx context.Context, from Source, each func(Row) error) error {
	full, free := make(chan *batch, 2), make(chan *batch, 4)
	for range cap(free) {
		free <- new(batch)
	}
	over := make(chan struct{})
	var failed error // of the reading; written before full is closed
	go func() {
		defer close(full)
		b := <-free
		hand := func() error {
			select {
			case full <- b:
				b = <-free
				b.rows, b.bytes = b.rows[:0], b.bytes[:0]
				return nil
			case <-over:
				return errJudged
			}
		}
		failed = from.Rows(ctx, func(r Row) error {
			if b.keep(r); len(b.rows) < batchRows {
				return nil
			}
			return hand()
		})
		if len(b.rows) > 0 { // also those before a failure
			if err := hand(); failed == nil {
				failed = err
			}
		}
	}()
	var wrong error
	for b := range full {
		for i := 0; i < len(b.rows) && wrong == nil; i++ {
			if wrong = each(b.rows[i]); wrong != nil {
				close(over)
			}
		}
		free <- b
	}
	if wrong != nil {
		return wrong
	}
	return failed
}
