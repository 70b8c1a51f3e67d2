package connect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/notice"
)

// Agreement is a record in the terms of the person that it is about. It holds
// neither the subject nor anything of the vendor's.
type Agreement struct {
	ID          string
	Given       bool // false: the person refused
	At          time.Time
	WithdrawnAt time.Time // zero unless withdrawn
	Lang        string    // that was shown
	Controller  string    // the company that asked
	Notice      notice.Stored
}

// ErrGone says that a record was there and has been erased.
var ErrGone = errors.New("connect: the record was erased")

// Agreement is what the receipt behind a capability shows.
//
// Errors: an [*Error] with not_found, alike for unknown and forged ones;
// [ErrGone]; an [*Error] otherwise.
func (s *Service) Agreement(ctx context.Context, capability string) (Agreement, error) {
	record, err := s.Receipt(ctx, capability)
	if err != nil {
		return Agreement{}, err
	}
	a := Agreement{ID: record.ID, Given: record.Kind == consent.Given, At: record.At}
	for _, event := range record.Events {
		switch event.Kind {
		case consent.ErasedEvent:
			return Agreement{}, ErrGone
		case consent.WithdrawnEvent:
			a.WithdrawnAt = event.At
		}
	}
	var text struct { // other members are ignored
		Lang         string `json:"language"`
		Purpose      string `json:"purpose_id"`
		NoticeSHA256 string `json:"notice_sha256"`
	}
	if err := json.Unmarshal(record.Body, &text); err != nil {
		return Agreement{}, fmt.Errorf("connect: read record %s: %w", record.ID, err)
	}
	exact, err := s.Ledger.Notice(ctx, text.NoticeSHA256)
	if err != nil {
		return Agreement{}, ledgerError(err)
	}
	if a.Notice, err = notice.ReadStored(exact); err != nil {
		return Agreement{}, err
	}
	a.Lang = text.Lang
	a.Controller = s.controller(record.Site, text.Purpose, text.Lang)
	return a, nil
}

// controller is the company's name of today: the one that was shown stands in
// the notice.
func (s *Service) controller(sitekey, purpose, lang string) string {
	if name := s.Notices.Controller(purpose, lang); name != "" {
		return name
	}
	if site := s.Sites.byKey[sitekey]; site != nil {
		return site.Name
	}
	return sitekey
}
