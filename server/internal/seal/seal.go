// Package seal makes and opens the relay's opaque values: everything that must
// survive between two requests travels encrypted and authenticated with the
// client, so that any replica can answer any request and nothing about a
// session is stored in the clear.
//
// Format: JWE compact serialization (RFC 7516), alg "dir", enc "A256GCM",
// typ = kind, kid = master key. Each kind has a key of its own, derived by
// HKDF-SHA-256 (RFC 5869) from the master key.
package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"ekycconnect/wasm/wire"
)

// Kind is what a sealed value is good for; a value of one kind never opens as
// another.
type Kind string

const (
	KindPresentation Kind = "view"         // a notice was shown
	KindTicket       Kind = "ticket"       // a partner vouches for a visitor
	KindSession      Kind = "session"      // a vendor session under a consent
	KindToken        Kind = "token"        // an answered captcha, to redeem
	KindHosted       Kind = "hosted"       // a step of the hosted page
	KindVerification Kind = "verification" // what follows a redeemed token
)

var kinds = []Kind{KindPresentation, KindTicket, KindSession, KindToken, KindHosted, KindVerification}

// Skew is how far the clocks of two replicas may be apart.
const Skew = 30 * time.Second

var (
	// ErrInvalid: the value does not open: forged, altered, truncated, of
	// another kind, or sealed with a key that is no longer in the ring.
	ErrInvalid = errors.New("seal: value does not open")
	// ErrExpired: the value opened, its claims are filled in, its time is over.
	ErrExpired = errors.New("seal: value has expired")
)

// MasterKey is one entry of the key ring. ID is its public name (kid).
type MasterKey struct {
	ID  string
	Key []byte // 32 bytes
}

// Sealer seals with the first key of its ring and opens with any of them.
type Sealer struct {
	seal  map[Kind]box
	open  map[Kind]map[string]box // by protected header segment
	clock func() time.Time
}

// New makes a Sealer of a ring, newest key first.
func New(ring []MasterKey, clock func() time.Time) (*Sealer, error) {
	if len(ring) == 0 {
		return nil, errors.New("seal: no key; make one with `relay keygen keys`")
	}
	s := &Sealer{seal: map[Kind]box{}, open: map[Kind]map[string]box{}, clock: clock}
	for _, kind := range kinds {
		s.open[kind] = map[string]box{}
		for i, master := range ring {
			if len(master.Key) != 32 {
				return nil, fmt.Errorf("seal: key %q has %d bytes, needs 32", master.ID, len(master.Key))
			}
			key, err := hkdf.Key(sha256.New, master.Key, nil, "ekyc-connect/"+string(kind)+"/v1", 32)
			if err != nil {
				return nil, fmt.Errorf("seal: derive key: %w", err)
			}
			b, err := newBox(kind, master.ID, key)
			if err != nil {
				return nil, err
			}
			if i == 0 {
				s.seal[kind] = b
			}
			s.open[kind][string(b.header)] = b
		}
	}
	return s, nil
}

// Claims is the content of one kind of sealed value.
type Claims interface {
	kind() Kind
	base() *Base
}

// Seal stamps c with the time and seals it; life is how long it opens. A
// negative life makes a value that is born expired.
func (s *Sealer) Seal(c Claims, life time.Duration) (string, error) {
	now := s.clock()
	return s.SealUntil(c, now.Add(life))
}

// SealUntil seals c until a given moment.
func (s *Sealer) SealUntil(c Claims, until time.Time) (string, error) {
	b := c.base()
	b.IssuedAt, b.ExpiresAt = Millis(s.clock()), Millis(until)
	plain, err := json.Marshal(c) // v2: no HTML escaping
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	value := s.seal[c.kind()].seal(plain)
	if len(value) > wire.MaxSealed {
		return "", fmt.Errorf("seal: a %s of %d characters is over the limit of %d", c.kind(), len(value), wire.MaxSealed)
	}
	return value, nil
}

// Open fills c, whose type says which kind is expected. After ErrExpired c is
// filled as well.
func (s *Sealer) Open(value string, c Claims) error {
	if len(value) > wire.MaxSealed {
		return ErrInvalid
	}
	header, _, _ := strings.Cut(value, ".")
	plain, ok := s.open[c.kind()][header].open(value)
	if !ok {
		return ErrInvalid
	}
	if err := json.Unmarshal(plain, c, json.RejectUnknownMembers(true)); err != nil {
		return ErrInvalid
	}
	now := s.clock()
	if c.base().IssuedAt.Time().After(now.Add(Skew)) {
		return ErrInvalid
	}
	if now.After(c.base().ExpiresAt.Time().Add(Skew)) {
		return ErrExpired
	}
	return nil
}
