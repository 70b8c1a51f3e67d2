// Package receipt is the file that a person keeps: the exact record, the notice
// that was shown, and the proof that both stand in the relay's log. Whoever has
// the log's public key can check it without the relay, years later.
//
// It is text, and each thing in it has one spelling: what [Parse] takes,
// [Receipt.Marshal] writes the same, byte for byte. Every byte is covered by the
// log's signature: record and salt by the entry, the notice by the record, the
// rest by the checkpoint.
//
//	ekyc-connect/receipt/v1
//	record {"schema":"ekyc-connect/consent-record/v1",…}
//	notice ["section",…]
//	salt BASE64
//
//	c2sp.org/tlog-proof@v1
//	index 17
//	BASE64 of each hash of the inclusion proof, a line each
//
//	ORIGIN
//	SIZE
//	BASE64 of the root
//
//	— ORIGIN BASE64 of the signature
//
// From the fifth line on it is a C2SP tlog-proof (https://c2sp.org/tlog-proof).
// The notice's line is there if the record has notice_sha256, its SHA-256.
package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"

	"ekycconnect/server/internal/consent/translog/checkpoint"
)

const (
	header  = "ekyc-connect/receipt/v1"
	maxSize = 4 << 20 // bytes; a notice has some kilobytes
)

// Receipt is what the file holds.
type Receipt struct {
	Record []byte   // exact JSON of one event
	Notice []byte   // exact bytes of the notice; nil if the record names none
	Salt   [32]byte // with the record it makes the log's entry
	Proof  proof.TLogProof

	checkpoint checkpoint.Checkpoint // of Proof; set by Parse
	signature  note.Signature
}

// ErrForm says that the bytes are not a receipt in its one form.
var ErrForm = errors.New("receipt: not a receipt, or its form was altered")

func form(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrForm, fmt.Errorf(format, args...))
}

// Marshal writes the file.
//
// Errors: [ErrForm] if r could not be read back as it is.
func (r Receipt) Marshal() ([]byte, error) {
	file := r.text()
	back, err := Parse(file)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(back.text(), file) {
		return nil, form("it is not read back as it is written")
	}
	return file, nil
}

func (r Receipt) text() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\nrecord %s\n", header, r.Record)
	if r.Notice != nil {
		fmt.Fprintf(&out, "notice %s\n", r.Notice)
	}
	fmt.Fprintf(&out, "salt %s\n\n", base64.StdEncoding.EncodeToString(r.Salt[:]))
	out.Write(r.Proof.Marshal())
	return out.Bytes()
}

// Parse reads the file. It checks the form alone: see [Verify].
//
// Errors: [ErrForm].
func Parse(file []byte) (Receipt, error) {
	var r Receipt
	if len(file) > maxSize {
		return r, form("it has more than %d bytes", maxSize)
	}
	if !utf8.Valid(file) {
		return r, form("it is not UTF-8 text")
	}
	rest := file
	next := func() (line []byte) {
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		return line
	}
	if string(next()) != header {
		return r, form("its first line is not %q", header)
	}
	var ok bool
	if r.Record, ok = bytes.CutPrefix(next(), []byte("record ")); !ok {
		return r, form("its second line is not the record")
	}
	named, err := noticeOf(r.Record)
	if err != nil {
		return r, err
	}
	if named != "" {
		if r.Notice, ok = bytes.CutPrefix(next(), []byte("notice ")); !ok {
			return r, form("the line of the notice is missing")
		}
	}
	salt, ok := bytes.CutPrefix(next(), []byte("salt "))
	raw, err := base64.StdEncoding.Strict().DecodeString(string(salt))
	if !ok || err != nil || len(raw) != len(r.Salt) {
		return r, form("the line of the salt does not hold 32 bytes in base64")
	}
	r.Salt = [32]byte(raw)
	if len(next()) != 0 {
		return r, form("the empty line after the salt is missing")
	}
	if err := r.Proof.Unmarshal(rest); err != nil {
		return r, form("%w", err)
	}
	if err := r.readCheckpoint(); err != nil {
		return r, err
	}
	// The libraries forgive other spellings; here there are none.
	if !bytes.Equal(r.text(), file) {
		return r, form("a line is not spelt the one way it can be")
	}
	return r, nil
}

func (r *Receipt) readCheckpoint() error {
	if r.Proof.ExtraData != nil {
		return form("an extra line is not covered by the proof")
	}
	c, signatures, err := checkpoint.Parse(r.Proof.Checkpoint)
	if err != nil {
		return form("%w", err)
	}
	if len(signatures) != 1 {
		return form("it has %d signatures and needs exactly one", len(signatures))
	}
	r.checkpoint, r.signature = c, signatures[0]
	return nil
}

// noticeOf is the notice_sha256 of a record, "" if it has none.
func noticeOf(record []byte) (string, error) {
	var text struct {
		Notice string `json:"notice_sha256"`
	}
	if err := json.Unmarshal(record, &text); err != nil {
		return "", form("the record is not JSON")
	}
	return text.Notice, nil
}

// Entry is what the log holds for this receipt.
func (r *Receipt) Entry() [32]byte {
	return sha256.Sum256(append(append([]byte{}, r.Salt[:]...), r.Record...))
}

func (r *Receipt) noticeMatches() bool {
	named, err := noticeOf(r.Record)
	sum := sha256.Sum256(r.Notice)
	return err == nil && (named == "" || named == hex.EncodeToString(sum[:]))
}
