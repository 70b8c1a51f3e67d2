package operator

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/report"
	"ekycconnect/server/internal/seal"
)

// Show prints what is known of a consent: by its id, or by what a person, a page or a
// partner has in hand, which is a sealed value or a receipt's address. The vendor's session,
// the letters and the subject that a sealed value holds are not printed.
func (l Ledger) Show(ctx context.Context, about string, out, stderr io.Writer) error {
	id := about
	if uuid.Validate(about) != nil {
		var err error
		if id, err = l.consentOf(about, out); err != nil || id == "" {
			return err
		}
	}
	return l.open(ctx, stderr, func(ledger *consent.Ledger) error {
		record, err := ledger.Record(ctx, id)
		if err != nil {
			return err
		}
		return history(record, out)
	})
}

// consentOf opens what the keys can open, says what it is, and finds the consent that it
// is about, "" if it is about none yet.
func (l Ledger) consentOf(value string, out io.Writer) (id string, err error) {
	value = value[strings.LastIndex(value, "/")+1:] // a receipt's whole address
	if len(l.keys.Seal) == 0 {
		return "", errors.New("there are no keys to open it with: use --config, or name the consent's id")
	}
	receipts, err := connect.NewReceipts(l.keys.Receipt.Bytes(), "")
	if err != nil {
		return "", err
	}
	if id, ok := receipts.Record(strings.TrimSuffix(value, ".receipt")); ok {
		report.Line(out, "opened", "the address of a receipt")
		return id, nil
	}
	ring := make([]seal.MasterKey, len(l.keys.Seal))
	for i, key := range l.keys.Seal {
		ring[i] = seal.MasterKey{ID: key.Kid, Key: key.Key.Bytes()}
	}
	sealer, err := seal.New(ring, time.Now)
	if err != nil {
		return "", err
	}
	var (
		token        seal.Token
		session      seal.Session
		verification seal.Verification
		ticket       seal.Ticket
		presentation seal.Presentation
		hosted       seal.Hosted
	)
	for _, kind := range []struct {
		name    string
		claims  seal.Claims
		base    *seal.Base
		consent *string // nil: about none
	}{
		{"a token", &token, &token.Base, &token.ConsentID}, {"a session", &session, &session.Base, &session.ConsentID},
		{"a verification", &verification, &verification.Base, &verification.ConsentID}, {"a ticket", &ticket, &ticket.Base, nil},
		{"a presentation", &presentation, &presentation.Base, nil}, {"a step of the hosted page", &hosted, &hosted.Base, &hosted.ConsentID},
	} {
		opened := sealer.Open(value, kind.claims)
		if opened != nil && !errors.Is(opened, seal.ErrExpired) {
			continue
		}
		said := kind.name
		if opened != nil {
			said += ", which has run out"
		}
		report.Line(out, "opened", said)
		report.Line(out, "site", kind.base.Site)
		report.Line(out, "purpose", kind.base.Purpose)
		report.Line(out, "sealed", connect.Stamp(kind.base.IssuedAt.Time()))
		report.Line(out, "until", connect.Stamp(kind.base.ExpiresAt.Time()))
		if kind.claims == seal.Claims(&presentation) {
			report.Line(out, "notice", hex.EncodeToString(presentation.Notice[:]))
		}
		if kind.consent == nil || *kind.consent == "" {
			report.Line(out, "consent", "none was given with it yet")
			return "", nil
		}
		return *kind.consent, nil
	}
	return "", errors.New("this is no consent's id, and these keys do not open it: look whether it is whole, and whether these are the keys of the relay that made it")
}

// history prints a record and its events.
func history(r consent.Record, out io.Writer) error {
	report.Line(out, "consent", r.ID)
	var body struct {
		Site          string `json:"site"`
		Purpose       string `json:"purpose_id"`
		NoticeID      string `json:"notice_id"`
		NoticeVersion string `json:"notice_version"`
		NoticeSHA256  string `json:"notice_sha256"`
		Language      string `json:"language"`
		Origin        string `json:"origin"`
		Channel       string `json:"channel"`
	}
	if len(r.Body) == 0 {
		report.Line(out, "record", "erased; its places in the log are left")
	} else if err := json.Unmarshal(r.Body, &body); err != nil {
		return fmt.Errorf("the record's text does not parse: %w; run `relay log verify`", err)
	} else {
		report.Line(out, "site", r.Site)
		report.Line(out, "purpose", body.Purpose)
		report.Line(out, "notice", fmt.Sprintf("%s, version %s, in %s, %s", body.NoticeID, body.NoticeVersion, body.Language, body.NoticeSHA256))
		report.Line(out, "from", body.Origin+" ("+body.Channel+")")
	}
	for _, e := range r.Events {
		var about []string
		for _, part := range []string{string(e.Via), e.Endpoint, e.Result, e.TransactionID} {
			if part != "" {
				about = append(about, part)
			}
		}
		fmt.Fprintf(out, "%s  entry %d  %-10s %s\n", connect.Stamp(e.At), e.Index, e.Kind, strings.Join(about, " "))
	}
	return nil
}
