package consent

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"ekycconnect/server/internal/mac"
)

// Keys are the ledger's secrets.
type Keys struct {
	// Lookup is what look-ups and principal ids are hashed with: at least 32
	// random bytes, kept as long as the records. Without it, nobody can tell
	// from a copy of the ledger whose records they are, or try out guesses.
	Lookup []byte

	// Receipt is what the addresses of receipts are made with, elsewhere: the ledger
	// keeps its fingerprint alone.
	Receipt []byte

	// Log are the secrets (32 random bytes each) of the Ed25519 keys that sign
	// the log's checkpoints, newest first. Each signs: while one replaces another
	// both are here, so that whoever knows either can check.
	Log [][]byte
}

// hasher makes the keyed hashes, with a key for each use.
type hasher struct {
	principal, idempotency, digest, ticket, token, redemption, otp *mac.MAC
}

func newHasher(keys Keys) (*hasher, error) {
	if len(keys.Lookup) < 32 {
		return nil, errors.New("consent: the lookup key has fewer than 32 bytes")
	}
	h := new(hasher)
	for use, m := range map[string]**mac.MAC{
		"principal": &h.principal, "idempotency": &h.idempotency, "digest": &h.digest,
		"ticket": &h.ticket, "token": &h.token, "redemption": &h.redemption, "otp": &h.otp,
	} {
		derived, err := hkdf.Key(sha256.New, keys.Lookup, nil, "ekyc-connect/ledger/"+use+"/v1", sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("consent: derive the %s key: %w", use, err)
		}
		*m = mac.New(derived)
	}
	return h, nil
}

// keyed is the hash over the parts, each with its length before it, so that no two lists
// of parts give the same input.
func keyed(m *mac.MAC, parts ...string) Key {
	input := make([]byte, 0, 256)
	for _, part := range parts {
		input = binary.BigEndian.AppendUint32(input, uint32(len(part)))
		input = append(input, part...)
	}
	sum := m.Of(input)
	return Key(sum[:len(Key{})])
}

// subject is both the principal id and what a partner's records are found by.
func (h *hasher) subject(site, subject string) Key { return keyed(h.principal, site, subject) }

func (h *hasher) decision(kind Kind, d *Decision) Key {
	return keyed(h.idempotency, d.Site, string(kind), d.IdempotencyKey)
}

func (h *hasher) request(d *Decision) Key { return keyed(h.digest, string(d.Digest[:])) }

func (h *hasher) ticketID(site, id string) Key { return keyed(h.ticket, site, id) }

// jti begins with the time of the consent, which its id begins with: what is redeemed
// together then stands together, and only the rest is the hash.
func (h *hasher) jti(id uuid.UUID, jti string) Key {
	key := keyed(h.token, jti)
	copy(key[:], id[:timeSize])
	return key
}

// repeat is what a repeated redemption must bring; zero without a key.
func (h *hasher) repeat(idempotencyKey, token string) Key {
	if idempotencyKey == "" {
		return Key{}
	}
	return keyed(h.redemption, idempotencyKey, token)
}
