package pace

import (
	"container/heap"
	"slices"
)

// silent are those who are likely to call again and do not wait for it, counted by their
// step and for how many stretches they have been silent. Nobody is looked at but who has
// come to another stretch, and of whom something else has become known.
type silent struct {
	turns turns
	count [steps][stretches]int
	now   int64 // the moment that is counted for, µs
}

// renew has v be looked at, of whom something has become known.
func (s *silent) renew(v *verification) {
	s.uncount(v)
	v.turn = 0
	switch belongs := v.likely && v.waiting == nil; {
	case belongs && v.place == 0:
		heap.Push(&s.turns, v)
	case belongs:
		heap.Fix(&s.turns, v.place-1)
	case v.place > 0:
		heap.Remove(&s.turns, v.place-1)
	}
}

func (s *silent) renewAll() {
	for _, v := range slices.Clone(s.turns) {
		s.renew(v)
	}
}

// corrected takes in that v was silent from another time on than before. One who has been
// so for less than a stretch comes to the next one later than that, if the time is later.
func (s *silent) corrected(v *verification, before int64) {
	if v.last < before || v.last > before && v.counted != &s.count[v.step][0] {
		s.renew(v)
	}
}

// until counts for the moment us. remade says that the profile expects other things than
// before.
func (s *silent) until(us int64, p *profile, remade bool) {
	if us < s.now { // the clock was set
		s.renewAll()
	}
	s.now = us
	p.dirty = p.dirty || len(s.turns) > 0
	for len(s.turns) > 0 && s.turns[0].turn <= us {
		s.look(s.turns[0], us, p)
	}
	if remade {
		s.sweep(p)
	}
}

// look counts v for the moment us.
func (s *silent) look(v *verification, us int64, p *profile) {
	age := stretchOf(us - v.last)
	p.silence(v, age)
	if p.gone(v.step, age) {
		v.likely = false
		s.renew(v)
		return
	}
	s.uncount(v)
	v.counted = &s.count[v.step][age]
	*v.counted++
	v.turn = v.last + int64(age+1)*stretch.Microseconds()
	heap.Fix(&s.turns, v.place-1)
}

// sweep forgets those of whom no call is expected any more.
func (s *silent) sweep(p *profile) {
	for k := range s.count {
		for age, count := range s.count[k] {
			if count > 0 && p.gone(step(k), age) {
				s.forget(&s.count[k][age])
			}
		}
	}
}

func (s *silent) forget(counter *int) {
	for _, v := range slices.Clone(s.turns) {
		if v.counted == counter {
			v.likely = false
			s.renew(v)
		}
	}
}

func (s *silent) uncount(v *verification) {
	if v.counted != nil {
		*v.counted--
		v.counted = nil
	}
}

// turns is a heap, the one first who is to be looked at next.
type turns []*verification

func (t turns) Len() int           { return len(t) }
func (t turns) Less(i, j int) bool { return t[i].turn < t[j].turn }

func (t turns) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].place, t[j].place = i+1, j+1
}

func (t *turns) Push(v any) {
	*t = append(*t, v.(*verification))
	v.(*verification).place = len(*t)
}

func (t *turns) Pop() any {
	last := len(*t) - 1
	v := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	v.place = 0
	return v
}
