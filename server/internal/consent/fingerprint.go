package consent

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

// KeyName names a key of the keys file.
type KeyName string

const (
	LookupKey  KeyName = "lookup"
	ReceiptKey KeyName = "receipt"
	LogKey     KeyName = "log"
)

// Print is eight bytes that are derived from a key: enough to tell one key from
// another, and nothing by which the key could be found.
type Print [8]byte

// Fingerprint says with which key a ledger is written. It is kept for ever and stands on
// no route.
type Fingerprint struct {
	Key    KeyName
	Print  Print
	At     time.Time // when the ledger took it; UTC, whole milliseconds
	Reason string    // why an operator replaced the key before it; else empty
}

// print derives a key's fingerprint, under a label that no other key is derived under.
func (n KeyName) print(key []byte) (p Print, err error) {
	derived, err := hkdf.Key(sha256.New, key, nil, "ekyc-connect/fingerprint/"+string(n)+"/v1", len(p))
	if err != nil {
		return p, fmt.Errorf("consent: derive the fingerprint of the %s key: %w", n, err)
	}
	copy(p[:], derived)
	return p, nil
}

// fingerprints are those of all keys that are there.
func (k Keys) fingerprints(at time.Time) (all []Fingerprint, err error) {
	add := func(name KeyName, key []byte) {
		if len(key) == 0 || err != nil {
			return
		}
		f := Fingerprint{Key: name, At: at}
		f.Print, err = name.print(key)
		all = append(all, f)
	}
	add(LookupKey, k.Lookup)
	add(ReceiptKey, k.Receipt)
	for _, key := range slices.Backward(k.Log) {
		add(LogKey, key)
	}
	return all, err
}

// KeyReader reads what tells whether keys are a ledger's.
type KeyReader interface {
	// Fingerprints returns every fingerprint, the oldest first; none from a ledger
	// of before there were any.
	Fingerprints(ctx context.Context) ([]Fingerprint, error)

	// Redemptions returns claims of redeemed tokens, at most limit, out of the newest
	// events: Key, Index and Consent of each.
	Redemptions(ctx context.Context, limit int) ([]Claim, error)

	// LogKeys returns every verifier key that was ever recorded, the latest first.
	LogKeys(ctx context.Context) ([]string, error)
}

// compare returns those fingerprints of k that the ledger is to hold from now on: of a
// new log key, and if adopts is set of each key that it holds none of. The error is a
// *[KeyError] if one of the keys is another than the ledger's: of the look-up key and the
// receipt key the one that was recorded last counts, of the log keys any.
func (k Keys) compare(ctx context.Context, r KeyReader, at time.Time, adopts bool) (missing []Fingerprint, err error) {
	recorded, err := r.Fingerprints(ctx)
	if err != nil {
		return nil, err
	}
	own, err := k.fingerprints(at)
	if err != nil {
		return nil, err
	}
	signed := 0
	for _, f := range own {
		last := newest(recorded, f.Key)
		known := slices.ContainsFunc(recorded, func(r Fingerprint) bool { return r.Key == f.Key && r.Print == f.Print })
		switch {
		case f.Key == LogKey && known:
			signed++
		case f.Key == LogKey && last != nil, last == nil && adopts:
			missing = append(missing, f)
		case last != nil && last.Print != f.Print:
			return nil, &KeyError{f.Key}
		}
	}
	if signed == 0 && len(k.Log) > 0 && newest(recorded, LogKey) != nil {
		return nil, &KeyError{LogKey}
	}
	if newest(recorded, LookupKey) == nil && len(k.Lookup) > 0 {
		err = k.explain(ctx, r)
	}
	return missing, err
}

// newest is the fingerprint of a key that was recorded last; nil if there is none.
func newest(recorded []Fingerprint, key KeyName) *Fingerprint {
	for i := range slices.Backward(recorded) {
		if recorded[i].Key == key {
			return &recorded[i]
		}
	}
	return nil
}
