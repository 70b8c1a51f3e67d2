package pace

import (
	"slices"
	"strconv"
	"time"
)

// verification is what the line knows of somebody who has begun. It is guarded by the
// line's lock.
type verification struct {
	key     string
	step    step
	last    int64 // when its newest call is written, µs
	calls   []int64
	reloads int
	waiting *Slot // for its next call
	exposed int   // how many stretches of its silence the profile knows of
	over    bool  // ended
	likely  bool  // to call again

	// As one of begun.silent.
	counted *int  // where; nil: not yet
	turn    int64 // when to look again, µs
	place   int   // in turns, from 1; 0: none
}

// begun are the verifications of the last half an hour, of all relays.
type begun struct {
	byKey  map[string]*verification // by consent, or by the time of the first call until that is known
	byCall map[int64]*verification
	silent silent
	swept  int64
}

// forgetAfter is longer than any consent is good for calls.
const forgetAfter = 31 * time.Minute

func newBegun() begun {
	return begun{byKey: map[string]*verification{}, byCall: map[int64]*verification{}}
}

// started takes in a new call, and reports whether a verification begins with it.
func (b *begun) started(e Entry, p *profile) (v *verification, first bool) {
	key := e.Consent
	if key == "" {
		key = strconv.FormatInt(e.At, 10)
	}
	v = b.byKey[key]
	if v == nil {
		v = &verification{key: key}
		b.byKey[key] = v
	}
	first = len(v.calls) == 0
	to := stepOf(e.Kind)
	if !first {
		p.called(v, to, e.At)
	}
	if e.Kind == Reload {
		v.reloads++
	}
	v.step, v.last, v.exposed, v.likely = to, max(v.last, e.At), 0, true
	b.silent.renew(v)
	v.calls = append(v.calls, e.At)
	b.byCall[e.At] = v
	return v, first
}

// corrected takes in that a call is written with another time, is not made, or belongs
// to a consent.
func (b *begun) corrected(e Entry) {
	v := b.byCall[e.Was]
	if v == nil {
		return
	}
	if e.Consent != "" && e.Consent != v.key {
		v = b.attach(v, e.Consent)
	}
	if e.At == e.Was {
		return
	}
	delete(b.byCall, e.Was)
	i := slices.Index(v.calls, e.Was)
	if e.At == 0 {
		v.calls = slices.Delete(v.calls, i, i+1)
		if len(v.calls) == 0 {
			delete(b.byKey, v.key)
			b.unlikely(v)
			return
		}
	} else {
		v.calls[i] = e.At
		b.byCall[e.At] = v
	}
	before := v.last
	v.last = slices.Max(v.calls)
	b.silent.corrected(v, before)
}

// attach gives a verification the name of its consent.
func (b *begun) attach(v *verification, consent string) *verification {
	delete(b.byKey, v.key)
	if known := b.byKey[consent]; known != nil {
		for _, at := range v.calls {
			b.byCall[at] = known
		}
		b.unlikely(v)
		before := known.last
		known.calls, known.last = append(known.calls, v.calls...), max(known.last, v.last)
		b.silent.corrected(known, before)
		return known
	}
	v.key = consent
	b.byKey[consent] = v
	return v
}

// unlikely says that no call of v is expected any more.
func (b *begun) unlikely(v *verification) {
	v.likely = false
	b.silent.renew(v)
}

// sweep forgets those who cannot call any more.
func (b *begun) sweep(now int64) {
	if now-b.swept < time.Minute.Microseconds() {
		return
	}
	b.swept = now
	for key, v := range b.byKey {
		if now-v.last > forgetAfter.Microseconds() && v.waiting == nil {
			for _, at := range v.calls {
				delete(b.byCall, at)
			}
			delete(b.byKey, key)
			b.unlikely(v)
		}
	}
}

// End says that a consent needs no more calls: its verification has succeeded, or it
// was withdrawn. What was kept free for it is free for others.
func (l *Line) End(consent string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v := l.begun.byKey[consent]; v != nil && !v.over {
		l.tell(Entry{At: v.last, Was: v.last, Kind: End, Consent: consent})
		l.schedule(l.now())
	}
}

// ended takes in that a verification is over.
func (l *Line) ended(e Entry) {
	if v := l.begun.byKey[e.Consent]; v != nil && !v.over {
		l.profile.ended(v)
		v.over = true
		l.begun.unlikely(v)
	}
}

// newcomer reports whether a request would begin a verification.
func (l *Line) newcomer(r Request) bool {
	return r.Kind == Connect && l.begun.byKey[r.Consent] == nil
}

// classOf is the class that a request is in.
func (l *Line) classOf(r Request) class {
	switch r.Kind {
	case GenerateOTP, VerifyOTP:
		return finishing
	case Reload:
		if v := l.begun.byKey[r.Consent]; v == nil || v.reloads < firstReloads {
			return reloading
		}
	}
	return others
}
