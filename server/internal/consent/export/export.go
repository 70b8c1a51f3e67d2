// Package export writes records for people outside the relay: an auditor, a
// court, the person whom a record is about. A record's sections are those of
// ISO/IEC TS 27560 as the W3C DPV guide gives them
// (https://w3id.org/dpv/guides/consent-27560); beside them stand the exact bytes of
// each event with their SHA-256, the time in UTC and in India, and the software's
// version, which a certificate under section 63 of the Bharatiya Sakshya
// Adhiniyam 2023 asks for.
package export

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/consent"
)

const schema = "ekyc-connect/consent-export/v1"

// Line is one record.
type Line struct {
	Schema   string   `json:"schema"`
	Exported Time     `json:"exported_at"`
	Software Software `json:"software"`

	Record     Record      `json:"record"`
	Processing *Processing `json:"processing,omitzero"` // not of an erased record
	Party      *Party      `json:"party,omitzero"`      // not of an erased record
	Events     []Event     `json:"event"`
}

// Software is what made the line.
type Software struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Time is one moment, said twice.
type Time struct {
	UTC string `json:"utc"`
	IST string `json:"ist"`
}

// Record is the header section.
type Record struct {
	ID        string `json:"record_id"`
	ReceiptID string `json:"receipt_id"` // record id and place in the log
	Schema    string `json:"schema,omitzero"`
	State     string `json:"state"` // of the newest event that changes it
}

// Processing is the section about what was agreed to. What else was said about
// it stands in the notice, whose exact bytes notice_sha256 names.
type Processing struct {
	PurposeID     string `json:"purpose_id"`
	PurposeText   string `json:"purpose_text"`
	LawfulBasis   string `json:"lawful_basis"`
	Jurisdiction  string `json:"jurisdiction"`
	NoticeID      string `json:"notice_id"`
	NoticeVersion string `json:"notice_version"`
	NoticeSHA256  string `json:"notice_sha256"`
	Language      string `json:"language"`
	PresentedAt   string `json:"presented_at"`
	ValidFrom     string `json:"valid_from,omitzero"`
	ExpiresAt     string `json:"expires_at,omitzero"`
	FetchType     string `json:"fetch_type,omitzero"`
}

// Party is the section about who was there. The controller and the processor
// stand in the notice.
type Party struct {
	Site          string `json:"site"`
	Origin        string `json:"origin"`
	Principal     string `json:"principal_id,omitzero"` // a keyed hash, or random
	SubjectSource string `json:"subject_source,omitzero"`
}

// Event is one event.
type Event struct {
	Index     int64        `json:"index"` // place in the log
	State     consent.Kind `json:"state"`
	Time      Time         `json:"time"`
	Via       consent.Via  `json:"via,omitzero"`
	Algorithm string       `json:"hash_algorithm,omitzero"`
	SHA256    string       `json:"hash,omitzero"` // of text, in UTF-8
	Text      string       `json:"text,omitzero"` // the exact bytes; none once it is erased
}

// Writer writes lines.
type Writer struct {
	out      io.Writer
	exported Time
	software Software
}

// NewWriter writes to out, as of now, by the software of this version.
func NewWriter(out io.Writer, now time.Time, version string) *Writer {
	return &Writer{out, timeOf(now), Software{"ekyc-connect relay", version}}
}

// Write writes one record as one line of JSON.
func (w *Writer) Write(r consent.Record) error {
	line := Line{
		Schema: schema, Exported: w.exported, Software: w.software,
		Record: Record{ID: r.ID, State: string(r.Kind)},
	}
	for _, e := range r.Events {
		line.Events = append(line.Events, eventOf(e))
		switch e.Kind {
		case consent.WithdrawnEvent, consent.ErasedEvent:
			line.Record.State = string(e.Kind)
		}
	}
	line.Record.ReceiptID = r.ID + "@" + strconv.FormatInt(r.Events[0].Index, 10)
	if len(r.Body) > 0 {
		// The record's own members have the sections' names.
		line.Processing, line.Party = new(Processing), new(Party)
		for _, section := range []any{&line.Record, line.Processing, line.Party} {
			if err := json.Unmarshal(r.Body, section); err != nil {
				return fmt.Errorf("export: read record %s: %w", r.ID, err)
			}
		}
	}
	if err := json.MarshalWrite(w.out, line); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if _, err := io.WriteString(w.out, "\n"); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

func eventOf(e consent.Event) Event {
	event := Event{Index: e.Index, State: e.Kind, Time: timeOf(e.At), Via: e.Via}
	if len(e.Body) > 0 {
		sum := sha256.Sum256(e.Body)
		event.Algorithm, event.SHA256, event.Text = "SHA-256", hex.EncodeToString(sum[:]), string(e.Body)
	}
	return event
}

// ist is Indian Standard Time.
var ist = time.FixedZone("IST", 5*60*60+30*60)

func timeOf(t time.Time) Time {
	return Time{t.UTC().Format("2006-01-02T15:04:05.000Z"), t.In(ist).Format("2006-01-02T15:04:05.000-07:00")}
}
