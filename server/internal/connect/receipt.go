package connect

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"

	"github.com/google/uuid"

	"ekycconnect/server/internal/mac"
)

// Receipts makes the addresses of receipts and recognises them. Whoever holds an
// address may see the receipt and withdraw the consent: it is a capability, which
// cannot be guessed and is never logged.
type Receipts struct {
	mac  *mac.MAC
	base string
}

// macSize is how much of the HMAC stands in a capability: 128 bits.
const macSize = 16

// capabilitySize is how many characters a capability has.
const capabilitySize = 43

// NewReceipts takes the receipt key, at least 32 random bytes that last as long
// as the records, and the public URL of the relay.
func NewReceipts(key []byte, publicURL string) (Receipts, error) {
	if len(key) < 32 {
		return Receipts{}, errors.New("connect: the receipt key has fewer than 32 bytes")
	}
	return Receipts{mac.New(key), publicURL}, nil
}

// Capability is base64url(record id ‖ HMAC-SHA-256(receipt key, record id),
// cut to 16 bytes). It is empty for what is no record id.
func (r Receipts) Capability(id string) string {
	record, err := uuid.Parse(id)
	if err != nil || r.mac == nil {
		return ""
	}
	sum := r.mac.Of(record[:])
	raw := append(append(make([]byte, 0, len(record)+macSize), record[:]...), sum[:macSize]...)
	return string(base64.RawURLEncoding.AppendEncode(make([]byte, 0, capabilitySize), raw))
}

// URL is where the receipt of a record is.
func (r Receipts) URL(id string) string { return r.base + "/v1/receipts/" + r.Capability(id) }

// Record is the record id of a capability that Capability made.
func (r Receipts) Record(capability string) (id string, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(capability)
	if err != nil || len(raw) != len(uuid.UUID{})+macSize || r.mac == nil {
		return "", false
	}
	record := uuid.UUID(raw[:16])
	sum := r.mac.Of(record[:])
	return record.String(), hmac.Equal(raw[16:], sum[:macSize])
}
