// Package checkpoint is the log's signed statement of its size and root, in the
// form that public verifiers take: a C2SP tlog-checkpoint
// (https://c2sp.org/tlog-checkpoint) inside a C2SP signed note
// (https://c2sp.org/signed-note), signed with Ed25519.
//
// What it opens is in the one canonical form: the libraries under it forgive
// unused bits in base64 and repeated lines, this package does not, so that a
// statement has one spelling.
package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint says which entries a log holds, all of them by one hash.
type Checkpoint struct {
	Origin string // the log's name, which is also its keys' name
	Size   int64
	Root   tlog.Hash // RFC 6962 root of the first Size entries
}

func (c Checkpoint) text() string {
	return string(log.Checkpoint{Origin: c.Origin, Size: uint64(c.Size), Hash: c.Root[:]}.Marshal())
}

// Sign returns the signed note of c, a signature line for each signer in their
// order.
func Sign(c Checkpoint, signers ...note.Signer) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, signers...)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: sign: %w", err)
	}
	return signed, nil
}

// ErrForm says that the bytes are not a checkpoint in its canonical form.
var ErrForm = errors.New("checkpoint: not a checkpoint in canonical form")

// Parse reads a checkpoint without checking its signatures, which it also
// returns.
//
// Errors: [ErrForm].
func Parse(signed []byte) (Checkpoint, []note.Signature, error) {
	_, err := note.Open(signed, nil)
	var unverified *note.UnverifiedNoteError
	if !errors.As(err, &unverified) { // with no key known, this is the answer to every well-formed note
		return Checkpoint{}, nil, fmt.Errorf("%w: not a signed note", ErrForm)
	}
	n := unverified.Note
	var text log.Checkpoint
	rest, err := text.Unmarshal([]byte(n.Text))
	if err != nil || len(rest) > 0 || len(text.Hash) != sha256.Size || text.Size > math.MaxInt64 {
		return Checkpoint{}, nil, fmt.Errorf("%w: needs exactly an origin, a size and a root", ErrForm)
	}
	c := Checkpoint{Origin: text.Origin, Size: int64(text.Size), Root: tlog.Hash(text.Hash)}
	if c.text() != n.Text || !bytes.Equal(signed, printed(n)) {
		return Checkpoint{}, nil, fmt.Errorf("%w: a line is not spelt the one way it can be", ErrForm)
	}
	return c, n.UnverifiedSigs, nil
}

// printed is the one way to write a note with these signatures.
func printed(n *note.Note) []byte {
	var out bytes.Buffer
	out.WriteString(n.Text + "\n")
	for _, sig := range n.UnverifiedSigs {
		raw, err := base64.StdEncoding.Strict().DecodeString(sig.Base64)
		if err != nil || len(raw) != 4+64 || strings.ContainsAny(sig.Base64, "\r\n") {
			return nil
		}
		fmt.Fprintf(&out, "— %s %s\n", sig.Name, base64.StdEncoding.EncodeToString(raw))
	}
	return out.Bytes()
}

// Open reads a checkpoint of the log named origin that at least one of the
// verifiers signed; no signature by any of them may be wrong.
//
// Errors: [ErrForm], [ErrOrigin], *[note.UnverifiedNoteError] (none of these
// keys signed it), *[note.InvalidSignatureError].
func Open(signed []byte, origin string, verifiers note.Verifiers) (Checkpoint, error) {
	c, _, err := Parse(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != origin {
		return Checkpoint{}, fmt.Errorf("%w: it is of %q, not of %q", ErrOrigin, c.Origin, origin)
	}
	if _, err := note.Open(signed, verifiers); err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: size %d of %s: %w", c.Size, origin, err)
	}
	return c, nil
}

// ErrOrigin says that a checkpoint is another log's.
var ErrOrigin = errors.New("checkpoint: of another log")

// Only returns the same checkpoint with the signature of one key alone.
func Only(signed []byte, name string, hash uint32) ([]byte, error) {
	c, signatures, err := Parse(signed)
	if err != nil {
		return nil, err
	}
	for _, sig := range signatures {
		if sig.Name == name && sig.Hash == hash {
			return printed(&note.Note{Text: c.text(), UnverifiedSigs: []note.Signature{sig}}), nil
		}
	}
	return nil, fmt.Errorf("checkpoint: size %d is not signed by the key %s+%08x", c.Size, name, hash)
}
