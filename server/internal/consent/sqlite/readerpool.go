package sqlite

// readerPool is a fixed number of goroutines that run statements for requests.
// SQLite's frames are large: the stack of a goroutine that has run a statement stays
// twice as large while it waits for a vendor, and thousands may wait.
type readerPool struct {
	work  chan func()
	ended chan struct{}
}

func newReaderPool() readerPool {
	p := readerPool{make(chan func()), make(chan struct{})}
	for range readers {
		go func() {
			for {
				select {
				case job := <-p.work:
					job()
				case <-p.ended:
					return
				}
			}
		}()
	}
	return p
}

// read runs a function in the pool, or in the caller's goroutine once the store is
// closed.
func read[T any](p readerPool, run func() (T, error)) (T, error) {
	type result struct {
		got T
		err error
	}
	done := make(chan result)
	job := func() {
		got, err := run()
		done <- result{got, err}
	}
	select {
	case p.work <- job:
		r := <-done
		return r.got, r.err
	case <-p.ended:
		return run()
	}
}
