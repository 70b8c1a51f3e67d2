package memory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/translog"
)

// Append implements [consent.Tx].
func (r *rows) Append(_ context.Context, b consent.Batch) error {
	for _, e := range b.Entries {
		if e.Index != int64(len(r.entries)) {
			return fmt.Errorf("memory: event %d where event %d is due", e.Index, len(r.entries))
		}
		r.entries = append(r.entries, e)
	}
	for _, claim := range b.Claims {
		if _, taken := r.claims[claim.Key]; taken {
			return errors.New("memory: a key is claimed twice")
		}
		claim.Consent, claim.At = r.entries[claim.Index].Consent, r.entries[claim.Index].At
		r.claims[claim.Key] = claim
	}
	for key, claim := range r.claims {
		if claim.At.Before(b.Forget) {
			claim.Reply = ""
			r.claims[key] = claim
		}
	}
	r.subjects = append(r.subjects, b.Subjects...)
	for _, n := range b.Notices {
		r.notices[n.SHA256] = n.Bytes
	}
	r.prints = append(r.prints, b.Fingerprints...)
	r.appendUpkeep(b.Upkeep)
	if err := r.appendOTP(b.Upkeep); err != nil {
		return err
	}
	return r.appendLog(b.Log)
}

func (r *rows) appendLog(u translog.Update) error {
	if len(u.Leaves) > 0 && u.First != int64(len(r.leaves)) {
		return fmt.Errorf("memory: leaf %d where leaf %d is due", u.First, len(r.leaves))
	}
	r.leaves = append(r.leaves, u.Leaves...)
	for _, key := range u.LogKeys {
		if !slices.Contains(r.logKeys, key) {
			r.logKeys = append(r.logKeys, key)
		}
	}
	h := u.Head
	switch {
	case h == nil:
		return nil
	case h.Size < r.head.Size, r.head.Origin != "" && h.Origin != r.head.Origin:
		return errors.New("memory: a log neither shrinks nor changes its name")
	case len(h.Note) == 0:
		return errors.New("memory: a checkpoint without its note")
	}
	r.head = *h
	if u.Publish {
		r.published = *h
	}
	return nil
}

func (r *rows) appendUpkeep(u consent.Upkeep) {
	for _, m := range u.Messages {
		m.Kind, m.Consent = r.entries[m.Index].Kind, r.entries[m.Index].Consent
		r.messages[m.Index] = m
	}
	for _, id := range u.Blank {
		for i, e := range r.entries {
			if e.Consent == id && e.Kind != consent.ErasedEvent {
				r.entries[i].Body, r.entries[i].Salt = nil, nil
			}
		}
		maps.DeleteFunc(r.claims, func(_ consent.Key, c consent.Claim) bool { return c.Consent == id })
		r.subjects = slices.DeleteFunc(r.subjects, func(s consent.SubjectRow) bool { return r.entries[s.Index].Consent == id })
	}
	for _, hold := range u.Hold {
		r.holds[hold.Consent] = hold
	}
	for _, id := range u.Free {
		delete(r.holds, id)
	}
	for _, s := range u.Settled {
		m, ok := r.messages[s.Index]
		if !ok {
			continue
		}
		m.Due, m.Tries = s.Due, m.Tries+1
		if s.Anew {
			m.Tries = 0
		}
		r.messages[s.Index] = m
		if s.Delivered {
			delete(r.messages, s.Index)
		}
	}
}
