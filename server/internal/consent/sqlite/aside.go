package sqlite

// aside is a few goroutines that read. SQLite's frames are large: a goroutine that
// has once run a statement keeps 32 KiB of stack for as long as it waits for a vendor,
// and thousands may wait. So requests have their statements run here.
type aside struct {
	work  chan func()
	ended chan struct{}
}

func newAside() aside {
	a := aside{make(chan func()), make(chan struct{})}
	for range readers {
		go func() {
			for {
				select {
				case job := <-a.work:
					job()
				case <-a.ended:
					return
				}
			}
		}()
	}
	return a
}

// read runs a function there, or where it is called once the store is closed.
func read[T any](a aside, run func() (T, error)) (got T, err error) {
	done := make(chan struct{})
	job := func() {
		defer close(done)
		got, err = run()
	}
	select {
	case a.work <- job:
		<-done
	case <-a.ended:
		job()
	}
	return got, err
}
