package receipt

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// What is wrong with a receipt that is in form. The error's text says it in
// words that need no knowledge of trees.
var (
	ErrAltered    = errors.New("receipt: altered")
	ErrWrongIndex = errors.New("receipt: wrong index")
	ErrWrongKey   = errors.New("receipt: wrong key")
	ErrOtherLog   = errors.New("receipt: other log")
)

func wrong(kind error, format string, args ...any) error {
	return fmt.Errorf("%w: %w", kind, fmt.Errorf(format, args...))
}

// Verify checks a file against a log's public keys and returns what it proves:
// that the log, whose owner signed with one of them, holds this record at this
// place. Whether a later checkpoint of the log still does is for whoever has one.
//
// Errors: [ErrForm], [ErrAltered], [ErrWrongIndex], [ErrWrongKey], [ErrOtherLog].
func Verify(file []byte, keys []note.Verifier) (Receipt, error) {
	r, err := Parse(file)
	if err != nil {
		return Receipt{}, err
	}
	if err := r.checkSignature(keys); err != nil {
		return Receipt{}, err
	}
	if r.Index() >= r.Size() {
		return Receipt{}, wrong(ErrWrongIndex, "it says place %d, and the log had %d entries then, numbered from 0", r.Proof.Index, r.Size())
	}
	if err := r.checkProof(); err != nil {
		return Receipt{}, err
	}
	if !r.noticeMatches() {
		return Receipt{}, wrong(ErrAltered, "the notice is not the one that the record names: a byte of it was changed, or it was exchanged; the record itself is genuine")
	}
	return r, nil
}

func (r *Receipt) checkSignature(keys []note.Verifier) error {
	if r.signature.Name != r.checkpoint.Origin {
		return wrong(ErrAltered, "it says that it is of the log %q and is signed by the log %q", r.checkpoint.Origin, r.signature.Name)
	}
	var names []string
	for _, key := range keys {
		if key.Name() != r.checkpoint.Origin {
			names = append(names, fmt.Sprintf("%q", key.Name()))
			continue
		}
		if key.KeyHash() == r.signature.Hash {
			if _, err := note.Open(r.Proof.Checkpoint, note.VerifierList(key)); err != nil {
				return wrong(ErrAltered, "the signature is not of these words: a byte of the checkpoint (the lines from %q on) or of the signature was changed", r.checkpoint.Origin)
			}
			return nil
		}
	}
	if len(names) == len(keys) {
		slices.Sort(names)
		return wrong(ErrOtherLog, "it is of the log %q, and the key given is of the log %s", r.checkpoint.Origin, strings.Join(slices.Compact(names), ", "))
	}
	return wrong(ErrWrongKey, "it is signed with the key %s+%08x, which is not among the keys given: the relay may have replaced its key since (/v1/log/vkey lists all it ever had), or somebody else signed", r.signature.Name, r.signature.Hash)
}

// searched bounds how many other places are tried to tell a wrong index from a
// wrong record: a quarter of a second at most.
const searched = 1 << 16

func (r *Receipt) checkProof() error {
	hashes := make(tlog.RecordProof, len(r.Proof.Hashes))
	for i, hash := range r.Proof.Hashes {
		hashes[i] = hash
	}
	entry := r.Entry()
	leaf := tlog.RecordHash(entry[:])
	proves := func(index int64) bool {
		return tlog.CheckRecord(hashes, r.Size(), r.checkpoint.Root, index, leaf) == nil
	}
	if proves(r.Index()) {
		return nil
	}
	first := max(0, min(r.Index()-searched/2, r.Size()-searched))
	for index := first; index < min(first+searched, r.Size()); index++ {
		if proves(index) {
			return wrong(ErrWrongIndex, "it says place %d, and the record stands at place %d", r.Index(), index)
		}
	}
	return wrong(ErrAltered, "record and proof do not fit together: a byte of the record, of the salt, of the index or of the proof's hashes was changed")
}

// Index is the record's place in the log, from 0.
func (r *Receipt) Index() int64 {
	return int64(min(r.Proof.Index, 1<<62)) // no log is that long: it only has to be too large
}

// Size is how many entries the log had when the proof was made.
func (r *Receipt) Size() int64 { return r.checkpoint.Size }

// Origin names the log.
func (r *Receipt) Origin() string { return r.checkpoint.Origin }
