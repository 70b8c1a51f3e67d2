package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

var (
	appendBudget  = budget{"1 million consents: append", "≤ 1.3 × the cost at 10 thousand"}
	receiptBudget = budget{"1 million consents: receipt", "≤ 1.3 × the cost at 10 thousand"}
	spaceBudget   = budget{"1 million consents: bytes a consent, its three events counted", "≤ 3 KB (goal 2)"}
	verifyBudget  = budget{"1 million consents: `relay log verify`", "≤ 60 s"}
)

// step is a ledger of one size and what it costs there, in µs.
type step struct {
	*growing
	size                     int
	append, receipt, subject samples
	verify                   time.Duration
	bytes                    float64 // a consent, on the disk
}

// measureGrowth fills ledgers of rising size, and then asks all of them in turn: so
// whatever the machine does meanwhile slows all of them down.
func measureGrowth(ctx context.Context, l *lab, s *section) error {
	var steps []*step
	for _, size := range []int{l.consents / 100, l.consents / 10, l.consents} {
		one, err := l.fill(ctx, size)
		if err != nil {
			return err
		}
		defer one.ledger.Close()
		steps = append(steps, one)
	}
	runtime.GC()
	for round := range max(l.rounds(), 15) {
		l.say("growth: round %d", round+1)
		if err := measureRound(ctx, steps); err != nil {
			return err
		}
	}
	for _, one := range steps {
		if err := one.measureVerify(ctx, l); err != nil {
			return err
		}
	}
	tellGrowth(s, steps)
	return nil
}

// fill makes a ledger of a size.
func (l *lab) fill(ctx context.Context, size int) (*step, error) {
	dir, err := l.directory("ledger")
	if err != nil {
		return nil, err
	}
	g, err := openGrowing(ctx, dir)
	if err != nil {
		return nil, err
	}
	each, err := g.grow(ctx, size)
	if err != nil {
		return nil, errors.Join(err, g.ledger.Close())
	}
	l.say("growth: %s consents, %v each", grouped(size), each.Round(time.Microsecond))
	return &step{growing: g, size: size}, nil
}

// cache has the operating system read the whole ledger, so that no figure is that of
// a disk: it may have let go of parts.
func (s *step) cache() error {
	file, err := os.Open(filepath.Join(s.dir, "ledger.db"))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(io.Discard, file)
	return err
}

// measureRound takes each figure of each ledger once.
func measureRound(ctx context.Context, steps []*step) error {
	for _, one := range steps {
		if err := one.cache(); err != nil {
			return err
		}
	}
	for _, work := range []struct {
		shares, calls int
		into          func(*step) *samples
		run           func(*step, int) error
	}{
		{4, 250, func(s *step) *samples { return &s.append }, func(s *step, calls int) error {
			_, err := s.grow(ctx, len(s.ids)+calls)
			return err
		}},
		{80, 25, func(s *step) *samples { return &s.receipt }, func(s *step, calls int) error { return s.readReceipts(ctx, calls) }},
		{80, 25, func(s *step) *samples { return &s.subject }, func(s *step, calls int) error { return s.lookUp(ctx, calls) }},
	} {
		took, err := inTurn(steps, work.shares, func(s *step) error { return work.run(s, work.calls) })
		if err != nil {
			return err
		}
		for i, one := range steps {
			into := work.into(one)
			*into = append(*into, float64(took[i].Nanoseconds())/1e3/float64(work.calls*work.shares/2))
		}
	}
	return nil
}

// inTurn has every ledger do its share of a work, one after the other and again, and
// says how long each worked for the second half: whatever the machine does meanwhile
// slows all of them down alike, and the first half fills the caches that other work
// has emptied.
func inTurn(steps []*step, shares int, share func(*step) error) ([]time.Duration, error) {
	took := make([]time.Duration, len(steps))
	for n := range shares {
		for i, one := range steps {
			begin := time.Now()
			if err := share(one); err != nil {
				return nil, err
			}
			if n >= shares/2 {
				took[i] += time.Since(begin)
			}
		}
	}
	return took, nil
}

// readReceipts makes receipts of consents at random.
func (s *step) readReceipts(ctx context.Context, n int) error {
	for range n {
		if _, err := s.ledger.Receipt(ctx, s.ids[rand.IntN(s.size)]); err != nil {
			return err
		}
	}
	return nil
}

// lookUp finds the records of subjects at random.
func (s *step) lookUp(ctx context.Context, n int) error {
	for range n {
		records, _, err := s.ledger.BySubject(ctx, s.sample.Site, "customer-"+strconv.Itoa(rand.IntN(s.size)), 0, "")
		if err != nil {
			return err
		}
		if len(records) != 1 {
			return fmt.Errorf("a subject has %d records", len(records))
		}
	}
	return nil
}

// measureVerify closes the ledger and has the relay's own command check it.
func (s *step) measureVerify(ctx context.Context, l *lab) error {
	if err := s.ledger.Close(); err != nil {
		return err
	}
	begin := time.Now()
	if _, err := output(ctx, l.relay, "log", "verify", "--data", s.dir); err != nil {
		return err
	}
	s.verify = time.Since(begin)
	var total int64
	for _, name := range []string{"ledger.db", "ledger.db-wal"} {
		if file, err := os.Stat(filepath.Join(s.dir, name)); err == nil {
			total += file.Size()
		}
	}
	s.bytes = float64(total) / float64(len(s.ids))
	return nil
}

func tellGrowth(s *section, steps []*step) {
	first, last := steps[0], steps[len(steps)-1]
	rows := [][]string{{"consents", "append, its three events", "receipt", "look-up by subject", "`log verify`", "bytes a consent"}}
	for _, one := range steps {
		against := func(of func(*step) samples) string { return of(one).over(of(first)).text("%.2f") + " ×" }
		rows = append(rows, []string{
			grouped(one.size),
			fmt.Sprintf("%.0f µs, %s", one.append.median(), against(func(s *step) samples { return s.append })),
			fmt.Sprintf("%.0f µs, %s", one.receipt.median(), against(func(s *step) samples { return s.receipt })),
			fmt.Sprintf("%.0f µs, %s", one.subject.median(), against(func(s *step) samples { return s.subject })),
			fmt.Sprintf("%.1f s, %.1f µs an event", one.verify.Seconds(), float64(one.verify.Microseconds())/3/float64(len(one.ids))),
			grouped(int(one.bytes)),
		})
	}
	s.line("Ledgers in SQLite; %d callers at a time record a consent with its vendor call and its redemption, durable and in the log; records are then read one after another, at random. Fifteen rounds; each begins with reading the whole files once, so that the operating system has them in its cache. Then the sizes take turns, 250 consents or 25 reads at a time, so that what else the machine does slows all of them down alike; the first half of each kind of work is not counted, since it fills SQLite's caches.", callers)
	s.table(rows...)
	s.line("![cost by the number of consents](img/growth.svg)")
	grown, proved := last.append.over(first.append), last.receipt.over(first.receipt)
	s.judge(appendBudget, grown.median() <= 1.3, "%s ×", grown.text("%.2f"))
	s.judge(receiptBudget, proved.median() <= 1.3, "%s ×", proved.text("%.2f"))
	s.judge(spaceBudget, last.bytes <= 3000, "%s B", grouped(int(last.bytes)))
	s.judge(verifyBudget, last.verify <= time.Minute, "%.0f s for %s consents", last.verify.Seconds(), grouped(last.size))
	if last.size != 1_000_000 {
		for i := range s.rows {
			s.rows[i].pass, s.rows[i].measured = false, s.rows[i].measured+", of "+grouped(last.size)+" consents only"
		}
	}
	chart := plot{title: "Cost of one operation by the number of consents, against 10 thousand", x: "consents", y: "×"}
	for _, c := range []struct {
		name string
		of   func(*step) samples
	}{{"append", func(s *step) samples { return s.append }}, {"receipt", func(s *step) samples { return s.receipt }}, {"look-up by subject", func(s *step) samples { return s.subject }}} {
		line := curve{name: c.name}
		for _, one := range steps {
			line.points = append(line.points, point{float64(one.size), c.of(one).over(c.of(first)).median()})
		}
		chart.curves = append(chart.curves, line)
	}
	s.show("growth.svg", chart.svg())
}
