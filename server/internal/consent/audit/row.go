package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent"
)

// forgetEvery bounds how many hashes are kept in memory.
const forgetEvery = 4096

// row checks one event and grows the tree by it.
func (a *auditor) row(r Row) error {
	name := fmt.Sprintf("event %d", r.Index)
	switch {
	case !r.There:
		return fault(name, "it is missing, and other rows belong to it")
	case r.Index != a.next:
		return fault(fmt.Sprintf("event %d", a.next), "it is missing")
	case r.Index >= a.head.Size:
		return fault(name, "the newest checkpoint covers %d events and not this one", a.head.Size)
	case !r.Hash:
		return fault(fmt.Sprintf("hash %d", r.Index), "it is missing")
	case !r.Text:
		return fault(name, "its text is missing")
	case r.Damaged:
		return fault(name, "one of its look-ups is damaged")
	}
	if err := a.grow(r); err != nil {
		return err
	}
	record, err := uuid.FromBytes(r.Consent)
	if err != nil {
		return fault(name, "the id of its record is damaged")
	}
	if len(r.Body) == 0 && len(r.Salt) == 0 {
		err = a.blankRow(name, record, r)
	} else {
		err = a.text(name, record, r)
	}
	if err != nil {
		return err
	}
	if err := a.otpRow(record, r); err != nil {
		return err
	}
	if rows := a.rows[record]; rows != nil {
		rows.Add(r.Index, r.Kind, record, string(r.Site), r.At)
	}
	a.next++
	if a.next%forgetEvery == 0 {
		if _, err := a.edge(a.next); err != nil {
			return err
		}
	}
	return a.reach(a.next)
}

// grow checks the hashes of a row: its entry against its text, those above it
// against the tree.
func (a *auditor) grow(r Row) error {
	name := fmt.Sprintf("hash %d", r.Index)
	if len(r.Entry) != sha256.Size {
		return fault(name, "its entry has %d bytes", len(r.Entry))
	}
	if len(r.Body) > 0 || len(r.Salt) > 0 {
		h := sha256.New()
		h.Write(r.Salt)
		h.Write(r.Body)
		if !bytes.Equal(h.Sum(nil), r.Entry) {
			return fault(fmt.Sprintf("event %d", r.Index), "its text or its salt is not what was recorded, or the entry in hash %d was changed", r.Index)
		}
	}
	added, err := tlog.StoredHashes(r.Index, r.Entry, tlog.HashReaderFunc(a.hashes))
	if err != nil {
		return err
	}
	above := make([]byte, 0, len(r.Above))
	for _, hash := range added[1:] {
		above = append(above, hash[:]...)
	}
	if !bytes.Equal(above, r.Above) {
		return fault(name, "the hashes above the leaf are not those of the tree")
	}
	first := tlog.StoredHashIndex(0, r.Index)
	for i, hash := range added {
		a.known[first+int64(i)] = hash
	}
	return nil
}

// blankRow checks what is left of an event that was erased.
func (a *auditor) blankRow(name string, record uuid.UUID, r Row) error {
	if len(r.Claims)+len(r.Subjects) > 0 {
		return fault(name, "its text is blank, and it can still be looked up")
	}
	if r.Kind == consent.ErasedEvent {
		return fault(name, "it says that a record was erased, and its own text is blank")
	}
	if r.Kind == consent.Given || r.Kind == consent.Refused {
		a.records++
	}
	a.blank[record] = r.Index
	if a.rows[record] == nil {
		a.rows[record] = new(consent.Rows)
	}
	return nil
}

// said is what an event's text says about the other columns.
type said struct {
	Record string `json:"record_id"`
	Event  struct {
		State consent.Kind `json:"state"`
		Time  string       `json:"time"`
	} `json:"event"`
	Site      string `json:"site"`
	Lookups   string `json:"lookups_sha256"`
	Notice    string `json:"notice_sha256"`
	Principal string `json:"principal_id"`
	Rows      string `json:"rows_sha256"`
}

// text checks the other columns of a row against its text, which is proven by
// now.
func (a *auditor) text(name string, record uuid.UUID, r Row) error {
	var text said
	if err := json.Unmarshal(r.Body, &text); err != nil {
		return fault(name, "its text is not JSON: %v", err)
	}
	at, err := time.Parse(time.RFC3339, text.Event.Time)
	switch {
	case text.Event.State != r.Kind:
		return fault(name, "its kind is %q and its text says %q", r.Kind, text.Event.State)
	case text.Record != record.String():
		return fault(name, "it is of record %s and its text says %s", record, text.Record)
	case text.Site != string(r.Site):
		return fault(name, "its site is %q and its text says %q", r.Site, text.Site)
	case err != nil || !at.Equal(r.At):
		return fault(name, "its time is %s and its text says %s", r.At.Format(time.RFC3339Nano), text.Event.Time)
	}
	if err := a.lookups(name, text, r); err != nil {
		return err
	}
	switch r.Kind {
	case consent.Given, consent.Refused:
		a.records++
		sum, err := hex.DecodeString(text.Notice)
		if err != nil || len(sum) != sha256.Size || !a.notices[[32]byte(sum)] {
			return fault("notice "+text.Notice, "it is missing, and event %d is about it", r.Index)
		}
	case consent.ErasedEvent:
		a.erased[record] = r.Index
		if rows := a.rows[record]; rows != nil && rows.Sum() != text.Rows {
			return fault(name, "it says which events were erased, and those of record %s that are blank are others", record)
		}
	}
	return nil
}

// lookups checks the rows by which the event is found.
func (a *auditor) lookups(name string, text said, r Row) error {
	if text.Lookups == "" { // of an older program, or there are none to have
		for _, subject := range r.Subjects {
			if base64.RawURLEncoding.EncodeToString(subject[:]) != text.Principal {
				return fault(name, "it is found under another person's key")
			}
		}
		return nil
	}
	if consent.Lookups(r.Claims, r.Subjects) != text.Lookups {
		return fault(name, "the rows by which it is looked up (claim, place) are not those that it was recorded with")
	}
	return nil
}
