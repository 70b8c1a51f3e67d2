package pace

import "time"

// The vendor counts arrivals, the relay knows when it has sent: a call may be
// longer on its way than the one after it. So each counts from when it must have
// arrived, as far as can be known. Before its answer that is margin after it was
// sent; with the answer, later by as much as it took longer than others do. What
// took longer than odd says nothing of the way: then the vendor was busy with it.
//
// What this costs where the second binds is 0.1 % of the allowance, for the
// coarseness of clocks and timers, and what answers vary below odd; nothing where
// minute or day bind.
const (
	margin = 5 * time.Millisecond
	odd    = 50 * time.Millisecond
	tick   = time.Millisecond
)

// answers are how long the last ones took, for the shortest of them.
type answers struct {
	took [32]time.Duration
	n    int
}

// excess is by how much an answer took longer than the shortest of the last.
func (a *answers) excess(took time.Duration) time.Duration {
	a.took[a.n%len(a.took)] = took
	a.n++
	shortest := took
	for _, d := range a.took[:min(a.n, len(a.took))] {
		shortest = min(shortest, d)
	}
	return took - shortest
}

// Gone says that the call has only gone out now: it was held up since Send, by a
// new connection say.
func (p *Place) Gone() {
	p.line.mu.Lock()
	defer p.line.mu.Unlock()
	if now := time.Now(); !p.sent.IsZero() && now.After(p.sent) {
		p.sent, p.noted = now, p.line.sent.move(p.noted, now.Add(margin))
	}
}

// Answered says that the vendor answers.
func (p *Place) Answered() {
	l := p.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.sent.IsZero() {
		return
	}
	if excess := l.answers.excess(time.Since(p.sent)); excess <= odd {
		p.noted = l.sent.move(p.noted, p.sent.Add(excess))
	}
}
