// Package connect is the relay's application core: what happens to a consent
// from the notice to the redeemed token. It knows neither HTTP nor SQL.
//
// The order of a session is the product's promise: checks, then the admission (a
// slot of the vendor's allowance is held), then the consent is committed, then the
// vendor is called, then the use is committed, then the answer leaves. What is
// refused before the commit leaves no trace; what fails after it names the consent
// that was recorded.
package connect

import (
	"context"
	"log/slog"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// Vendor calls the vendor for one account; [deepvue.Client] is the real one.
type Vendor interface {
	Connect(ctx context.Context, c consent.Committed, turn deepvue.Turn) (deepvue.Session, []consent.Call, error)
	ReloadCaptcha(ctx context.Context, c consent.Committed, session string, turn deepvue.Turn) (deepvue.Picture, []consent.Call, error)
	GenerateOTP(ctx context.Context, c consent.Committed, session, captcha, number string, turn deepvue.Turn) (deepvue.Said, []consent.Call, error)
	VerifyOTP(ctx context.Context, c consent.Committed, session, otp string, turn deepvue.Turn) (*deepvue.Verified, []consent.Call, error)
}

// Lifetimes of everything that ends.
type Lifetimes struct {
	Presentation    time.Duration // how long a shown notice may be decided on
	Session         time.Duration // from given_at, for pictures
	Consent         time.Duration // from given_at, for all calls
	Token           time.Duration
	Ticket          time.Duration // unless the partner asks for another
	CallsPerConsent int           // vendor calls for pictures that one consent is worth
}

// Calls counts the vendor calls of consents over all relays that share a ledger.
type Calls interface {
	// Take asks for one more call under a consent, which may have most of them in all.
	// The first call right after the consent was given is not asked for.
	Take(ctx context.Context, consent string, most int) (ok bool, err error)
}

// Service is the core. Its fields are set once, before the first call; [New] makes one of
// them.
type Service struct {
	Sites     *Sites
	Ledger    *consent.Ledger
	Accounts  map[string]*Account // with the vendor, by name
	Notices   *notice.Catalogue
	Sealer    *seal.Sealer
	Receipts  Receipts
	Lifetimes Lifetimes
	Limits    Limits
	Calls     Calls // nil: no other relay shares the ledger
	Clock     func() time.Time
	Log       *slog.Logger
	Watch     Watcher

	*inFlight
}

// inFlight is what requests have to do with each other.
type inFlight struct {
	starting flights[*wire.SessionReply] // sessions in the making, by idempotency key
	calling  locks                       // one vendor call at a time, by consent

	verifying locks // one call after the pictures at a time, by consent
	refusals  refusals
}

// New makes a core of its parts.
func New(parts Service) *Service {
	parts.inFlight = &inFlight{}
	return &parts
}

// With is the core with other sites, notices and limits. Requests to one have to do with
// requests to the other as with those to itself.
func (s *Service) With(sites *Sites, notices *notice.Catalogue, limits Limits) *Service {
	other := *s
	other.Sites, other.Notices, other.Limits = sites, notices, limits
	return &other
}

// Stamp prints a time as the contract with pages and partners has it: RFC 3339,
// UTC, milliseconds.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// seconds rounds d down to whole seconds, never below zero.
func seconds(d time.Duration) int { return max(0, int(d/time.Second)) }
