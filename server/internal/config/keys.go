package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// KeysFile is the usual name of the keys file, in the data directory.
const KeysFile = "keys.yaml"

// Keys are the relay's own keys. Every replica has the same.
type Keys struct {
	// Seal is the ring for sealed values: the first seals, each
	// opens. Keep an old key for as long as its longest-lived value, one day.
	Seal []SealKey `yaml:"seal"`
	// Lookup keys the HMACs by which the ledger finds subjects and idempotency
	// keys. It must last as long as the ledger: with another one, earlier
	// consents are no longer found by subject.
	Lookup Key `yaml:"lookup"`
	// Receipt makes the addresses of receipts. It must last as long as the
	// ledger: with another one, every address that was given out is dead.
	Receipt Key `yaml:"receipt"`
	// Log signs the log's checkpoints, newest first; each signs. Keep an old key
	// until everybody who checks the log knows the new one.
	Log []Key `yaml:"log"`
}

// maxKeysFile bounds a keys file, in bytes.
const maxKeysFile = 64 << 10

// SealKey is one master key and its public name.
type SealKey struct {
	Kid string `yaml:"kid"`
	Key Key    `yaml:"key"`
}

// Key is 256 random bits. It prints as "[redacted]".
type Key [32]byte

// NewKey makes a key.
func NewKey() (k Key) {
	rand.Read(k[:])
	return k
}

// Bytes gives the key itself, for the one place that uses it.
func (k Key) Bytes() []byte { return k[:] }

// String implements fmt.Stringer, Format every other verb.
func (Key) String() string { return "[redacted]" }

// Format implements fmt.Formatter.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// MarshalText implements encoding.TextMarshaler, for logs and JSON.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads standard base64. Its errors do not repeat the text.
func (k *Key) UnmarshalText(written []byte) error {
	raw, err := base64.StdEncoding.Strict().DecodeString(string(written))
	if err != nil || len(raw) != len(k) {
		return errors.New("needs 32 bytes in base64, as `relay keygen keys` writes them")
	}
	copy(k[:], raw)
	return nil
}

var kidShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// LoadKeys reads a keys file, which nobody but its owner may read or write.
// The error joins every problem of the file.
func LoadKeys(path string) (Keys, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Keys{}, fmt.Errorf("config: keys file: %w; make it with `relay keygen keys --out %s`", err, path)
	}
	if err != nil {
		return Keys{}, fmt.Errorf("config: keys file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return Keys{}, fmt.Errorf("config: keys file %s has mode %04o, others may read it; run `chmod 600 %s`", path, mode, path)
	}
	data, err := readFile(path, maxKeysFile)
	if err != nil {
		return Keys{}, fmt.Errorf("config: keys file: %w", err)
	}
	r := &reader{file: path}
	var keys Keys
	if !r.read(data, &keys) {
		return Keys{}, join(r.problems)
	}
	if len(keys.Seal) == 0 {
		r.report("seal", "no key; `relay keygen keys` makes a file with one")
	}
	seen := map[string]bool{}
	for i, key := range keys.Seal {
		if at := indexed("seal", i); !kidShape.MatchString(key.Kid) {
			r.report(at+".kid", "needs 1 to 32 letters, digits, - or _")
		} else if seen[key.Kid] {
			r.report(at+".kid", "stands here a second time; each key needs a name of its own")
		}
		seen[key.Kid] = true
		if key.Key == (Key{}) {
			r.report(indexed("seal", i)+".key", "missing; `relay keygen seal` makes one")
		}
	}
	if keys.Lookup == (Key{}) {
		r.report("lookup", "missing; it must be the one with which the ledger was begun")
	}
	if keys.Receipt == (Key{}) {
		r.report("receipt", "missing; it must be the one with which receipts were given out so far, and if none were, add the line that `relay keygen receipt` prints")
	}
	if len(keys.Log) == 0 {
		r.report("log", "no key; the list has the one with which the log was begun, and if there was no log so far, write `log:` and below it the line that `relay keygen log` prints")
	}
	for i, key := range keys.Log {
		if key == (Key{}) {
			r.report(indexed("log", i), "missing; `relay keygen log` makes one")
		}
	}
	if err := join(r.problems); err != nil {
		return Keys{}, err
	}
	return keys, nil
}

// NewKeys makes a fresh set.
func NewKeys(now time.Time) Keys {
	return Keys{Seal: []SealKey{NewSealKey(now)}, Lookup: NewKey(), Receipt: NewKey(), Log: []Key{NewKey()}}
}

// NewSealKey makes one entry of the ring, named after the month and three random
// bytes, so that an operator sees its age and no two are alike; short, since each
// sealed value says it.
func NewSealKey(now time.Time) SealKey {
	var tail [3]byte
	rand.Read(tail[:])
	return SealKey{Kid: fmt.Sprintf("%s%x", now.UTC().Format("0601"), tail), Key: NewKey()}
}

// YAML is the text of a keys file, keys in clear.
func (k Keys) YAML() string {
	var s strings.Builder
	s.WriteString("# Keys of the relay. Whoever has them can forge sessions and tokens: keep this file\n" +
		"# secret (mode 0600), back it up, and give every replica the same.\n" +
		"# The first seals, each opens. To replace it, put the output of `relay keygen seal` at\n" +
		"# the end and restart every relay; then move it to the top and restart every relay; a\n" +
		"# day later, remove the old entry.\nseal:\n")
	for _, key := range k.Seal {
		s.WriteString(key.YAML())
	}
	s.WriteString("# Never changes while the ledger lives: subjects are found by it.\n")
	s.WriteString(k.Lookup.lookupYAML())
	s.WriteString("# Never changes while the ledger lives: the addresses of receipts are made with it.\n")
	s.WriteString(k.Receipt.receiptYAML())
	s.WriteString("# Signs the log of consents: whoever has it can forge a log. Newest first, and each\n" +
		"# signs. To rotate, put the output of `relay keygen log` on top, restart every replica,\n" +
		"# and remove the old entry once everybody who checks the log has the new public key\n" +
		"# (/v1/log/vkey).\nlog:\n")
	for _, key := range k.Log {
		s.WriteString(key.logYAML())
	}
	return s.String()
}

// receiptYAML is the line of the receipt key, key in clear.
func (k Key) receiptYAML() string {
	return "receipt: " + base64.StdEncoding.EncodeToString(k[:]) + "\n"
}

// lookupYAML is the line of the lookup key, key in clear.
func (k Key) lookupYAML() string {
	return "lookup: " + base64.StdEncoding.EncodeToString(k[:]) + "\n"
}

// NewLookupKey makes the line of a lookup key.
func NewLookupKey() string { return NewKey().lookupYAML() }

// NewReceiptKey makes the line that a keys file from before there were receipts lacks.
func NewReceiptKey() string { return NewKey().receiptYAML() }

// YAML is the entry as it stands in the keys file, key in clear.
func (k SealKey) YAML() string {
	return "  - kid: " + k.Kid + "\n    key: " + base64.StdEncoding.EncodeToString(k.Key[:]) + "\n"
}

// CreateKeys makes a keys file with fresh keys, mode 0600, and never replaces
// one (fs.ErrExist): with other keys open sessions end and subjects are lost.
// The file is complete and durable, or not there; its directory is made if
// need be.
func CreateKeys(path string, now time.Time) (keys Keys, err error) {
	keys = NewKeys(now)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return Keys{}, fmt.Errorf("config: make keys file: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return Keys{}, fmt.Errorf("config: make keys file: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(keys.YAML())
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return Keys{}, fmt.Errorf("config: make keys file: %w", err)
	}
	// A link fails where a file is; a rename would replace it.
	if err = os.Link(tmp.Name(), path); err != nil {
		return Keys{}, fmt.Errorf("config: make keys file: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err == nil {
		err = errors.Join(dir.Sync(), dir.Close())
	}
	if err != nil {
		return Keys{}, fmt.Errorf("config: make keys file durable: %w", err)
	}
	return keys, nil
}
