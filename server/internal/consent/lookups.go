package consent

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Lookups is the digest in an event's text of the rows by which the event is found, so
// that a check of the log notices a row that was changed, moved or removed. It is the
// SHA-256, in base64url, over "c", key and proof of each claim, then "p" and key of each subject row, both by rising key. It is "" if there are none.
func Lookups(claims []Claim, subjects []Key) string {
	if len(claims)+len(subjects) == 0 {
		return ""
	}
	claims, subjects = slices.Clone(claims), slices.Clone(subjects)
	slices.SortFunc(claims, func(a, b Claim) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	slices.SortFunc(subjects, func(a, b Key) int { return bytes.Compare(a[:], b[:]) })
	rows := make([]byte, 0, 128)
	for _, claim := range claims {
		rows = append(append(append(rows, 'c'), claim.Key[:]...), claim.Proof[:]...)
	}
	for _, key := range subjects {
		rows = append(append(rows, 'p'), key[:]...)
	}
	sum := sha256.Sum256(rows)
	return encoded(sum[:])
}

// encoded is a hash or a key, 32 bytes, in base64url: 43 characters.
func encoded(sum []byte) string {
	return string(base64.RawURLEncoding.AppendEncode(make([]byte, 0, 43), sum))
}

// Rows is the digest in an `erased` event's text of the record's earlier events, whose
// own texts are blank: the SHA-256, in base64url, over index, kind, record, site and
// time of each, oldest first.
type Rows struct{ h hash.Hash }

// Add takes the next event.
func (r *Rows) Add(index int64, kind Kind, record uuid.UUID, site string, at time.Time) {
	if r.h == nil {
		r.h = sha256.New()
	}
	fmt.Fprintf(r.h, "%d %s %s %q %d\n", index, kind, record, site, at.UnixMilli())
}

// Sum is the digest of the events added so far.
func (r *Rows) Sum() string {
	if r.h == nil {
		return ""
	}
	return encoded(r.h.Sum(nil))
}
