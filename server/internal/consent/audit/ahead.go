package audit

import (
	"context"
	"errors"
	"slices"
)

// ahead is how many rows are read before the ones under judgement, at most four
// times.
const ahead = 512

// batch is rows with bytes of their own.
type batch struct {
	rows  []Row
	bytes []byte
}

// keep copies what is valid during the source's call only.
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

// readAhead reads the rows in one goroutine while each is judged here, in their
// order: reading takes about as long as judging.
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
			if b.keep(r); len(b.rows) < ahead {
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
