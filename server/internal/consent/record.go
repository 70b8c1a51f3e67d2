package consent

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// A record's members follow ISO/IEC TS 27560 as the W3C DPV guide gives it.
// What is the same for everybody who was shown a notice (controller, processor,
// data items, retention, rights) stands in the notice's own bytes, which
// notice_sha256 names. Members are written in the order of the structs; what is
// kept, hashed and shown later is those bytes, never a second rendering.
const (
	schema      = "ekyc-connect/consent-record/v1"
	lawfulBasis = "in-dpdp-s6-consent" // Digital Personal Data Protection Act 2023, s.6
	fetchType   = "ONETIME"
	uiState     = "unticked" // nothing was chosen beforehand

	timeLayout = "2006-01-02T15:04:05.000Z"
)

type eventText struct {
	State  Kind   `json:"state"`
	Time   string `json:"time"`
	Entity string `json:"entity"` // who acted: self, guardian; partner, relay
	Type   string `json:"type,omitzero"`
	Method string `json:"collection_method,omitzero"`
}

type header struct {
	Schema   string    `json:"schema"`
	RecordID string    `json:"record_id"`
	Event    eventText `json:"event"`
	// Prev is the index of the record's event before this one; a decision is
	// the first and has none.
	Prev *int64 `json:"prev_event,omitempty"`
	Site string `json:"site"`
	// Lookups vouches for the rows by which the event is found again.
	Lookups string `json:"lookups_sha256,omitzero"`
}

type decisionText struct {
	header
	ValidFrom     string `json:"valid_from,omitzero"`
	ExpiresAt     string `json:"expires_at,omitzero"`
	FetchType     string `json:"fetch_type,omitzero"`
	Principal     string `json:"principal_id,omitzero"`
	SubjectSource string `json:"subject_source,omitzero"`
	Account       string `json:"account"`
	Origin        string `json:"origin"`
	Channel       string `json:"channel,omitzero"`
	ClientVersion string `json:"client_version,omitzero"`
	ClientBuild   string `json:"client_build,omitzero"`
	NoticeID      string `json:"notice_id"`
	NoticeVersion string `json:"notice_version"`
	NoticeSHA256  string `json:"notice_sha256"`
	Language      string `json:"language"`
	Requested     string `json:"requested_language,omitzero"`
	Purpose       string `json:"purpose_id"`
	PurposeText   string `json:"purpose_text"`
	LawfulBasis   string `json:"lawful_basis"`
	Jurisdiction  string `json:"jurisdiction"`
	PresentedAt   string `json:"presented_at"`
	Nonce         string `json:"session_nonce"`
	UIState       string `json:"ui_state"`
	Alternative   string `json:"alternative_chosen,omitzero"`
}

type usedText struct {
	header
	Endpoint      string `json:"endpoint"`
	Result        string `json:"result"`
	CalledAt      string `json:"called_at"`
	TransactionID string `json:"vendor_txn_id,omitzero"`
}

type redeemedText struct {
	header
}

func stamp(t time.Time) string { return t.UTC().Format(timeLayout) }

func newHeader(id string, kind Kind, at time.Time, site, entity string) header {
	return header{Schema: schema, RecordID: id, Site: site,
		Event: eventText{State: kind, Time: stamp(at), Entity: entity}}
}

// decisionBody is the text of a new record. A refusal says nothing about who
// refused unless the partner named the person.
func decisionBody(id string, kind Kind, at time.Time, validity time.Duration, principal Key, lookups string, d *Decision) ([]byte, error) {
	text := decisionText{
		header:        newHeader(id, kind, at, d.Site, d.Actor),
		SubjectSource: d.SubjectSource,
		Account:       d.Account,
		Origin:        d.Origin,
		Channel:       d.Channel,
		ClientVersion: d.ClientVersion,
		ClientBuild:   d.ClientBuild,
		NoticeID:      d.NoticeID,
		NoticeVersion: d.NoticeVersion,
		NoticeSHA256:  d.NoticeSHA256,
		Language:      d.Lang,
		Requested:     d.Requested,
		Purpose:       d.Purpose,
		PurposeText:   d.VendorPurpose,
		LawfulBasis:   lawfulBasis,
		Jurisdiction:  "IN",
		PresentedAt:   stamp(d.ShownAt),
		Nonce:         d.Nonce,
		UIState:       uiState,
	}
	text.Lookups = lookups
	text.Event.Type = "explicit, by button"
	if d.Channel != "" {
		text.Event.Method = "web-" + d.Channel + "/" + d.ClientVersion + "+" + d.ClientBuild
	}
	if kind == Given {
		text.ValidFrom, text.ExpiresAt, text.FetchType = text.Event.Time, stamp(at.Add(validity)), fetchType
		if d.Subject == "" {
			rand.Read(principal[:])
		}
	} else {
		text.Alternative = d.Alternative
	}
	if kind == Given || d.Subject != "" {
		text.Principal = encoded(principal[:])
	}
	return marshal(&text)
}

// marshal takes a pointer: a struct would be copied twice.
func marshal[T any](text *T) ([]byte, error) {
	body, err := json.Marshal(text)
	if err != nil {
		return nil, fmt.Errorf("consent: write a record: %w", err)
	}
	return body, nil
}

// timeSize is how many bytes of an id are the time at which it was made, in ms.
const timeSize = 6

// newID is a UUIDv7 of the ledger's own time, so that ids rise with the index.
func newID(at time.Time) uuid.UUID {
	id, from := uuid.New(), IDsFrom(at)
	copy(id[:timeSize], from[:timeSize])
	id[6] = id[6]&0x0f | 0x70
	return id
}

// IDsFrom is the least id that a record of a time may have.
func IDsFrom(at time.Time) (id uuid.UUID) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(0, at.UnixMilli())))
	copy(id[:timeSize], ms[len(ms)-timeSize:])
	return id
}

// parseID takes the canonical form only, of 36 characters in lower case, so that one
// record has one name.
func parseID(id string) (uuid.UUID, error) {
	parsed, err := uuid.Parse(id)
	if err != nil || len(id) != 36 || strings.ToLower(id) != id {
		return uuid.UUID{}, ErrNotFound
	}
	return parsed, nil
}
