package connect

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"github.com/google/uuid"
)

// Receipts makes the addresses of receipts and recognises them. Whoever holds an
// address may see the receipt and withdraw the consent: it is a capability, which
// cannot be guessed and is never logged.
type Receipts struct {
	key  []byte
	base string
}

// macSize is how much of the HMAC stands in a capability: 128 bits.
const macSize = 16

// NewReceipts takes the receipt key, at least 32 random bytes that last as long
// as the records, and the public URL of the relay.
func NewReceipts(key []byte, publicURL string) (Receipts, error) {
	if len(key) < 32 {
		return Receipts{}, errors.New("connect: the receipt key has fewer than 32 bytes")
	}
	return Receipts{key, publicURL}, nil
}

// Capability is base64url(record id ‖ HMAC-SHA-256(receipt key, record id),
// cut to 16 bytes): 43 characters. It is empty for what is no record id.
func (r Receipts) Capability(id string) string {
	record, err := uuid.Parse(id)
	if err != nil || len(r.key) == 0 {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(r.append(record[:], record))
}

// URL is where the receipt of a record is.
func (r Receipts) URL(id string) string { return r.base + "/v1/receipts/" + r.Capability(id) }

// Record is the record id of a capability that Capability made.
func (r Receipts) Record(capability string) (id string, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(capability)
	if err != nil || len(raw) != len(uuid.UUID{})+macSize || len(r.key) == 0 {
		return "", false
	}
	record := uuid.UUID(raw[:16])
	return record.String(), hmac.Equal(raw[16:], r.append(nil, record))
}

// append appends a record's HMAC, cut.
func (r Receipts) append(to []byte, record uuid.UUID) []byte {
	m := hmac.New(sha256.New, r.key)
	m.Write(record[:])
	return m.Sum(to)[:len(to)+macSize]
}
