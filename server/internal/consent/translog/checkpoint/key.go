package checkpoint

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Key signs checkpoints of one log.
type Key struct {
	note.Signer
	// Public is the verifier key in signed-note form: NAME+HASH+BASE64.
	Public string
}

// NewKey makes the key of the log named origin from 32 secret random bytes.
// The name is the log's and may hold neither spaces nor "+".
func NewKey(origin string, seed []byte) (Key, error) {
	if len(seed) != ed25519.SeedSize {
		return Key{}, fmt.Errorf("checkpoint: a log key has %d bytes and needs %d", len(seed), ed25519.SeedSize)
	}
	public, err := note.NewEd25519VerifierKey(origin, ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
	if err != nil {
		return Key{}, fmt.Errorf("checkpoint: log key: %w", err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return Key{}, fmt.Errorf("checkpoint: %q cannot name a log: %w", origin, err)
	}
	const ed25519Note = 1 // the algorithm's number in signed notes
	secret := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", origin, verifier.KeyHash(),
		base64.StdEncoding.EncodeToString(append([]byte{ed25519Note}, seed...)))
	signer, err := note.NewSigner(secret)
	if err != nil {
		return Key{}, fmt.Errorf("checkpoint: log key of %q does not work", origin) // the cause could show it
	}
	return Key{signer, public}, nil
}

// Verifiers reads verifier keys, a line each; empty lines do not count.
func Verifiers(text string) ([]note.Verifier, error) {
	var all []note.Verifier
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		verifier, err := note.NewVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("checkpoint: %q is not a verifier key: it looks like NAME+HASH+BASE64, as /v1/log/vkey of the relay gives it", line)
		}
		all = append(all, verifier)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("checkpoint: no verifier key: it looks like NAME+HASH+BASE64, as /v1/log/vkey of the relay gives it")
	}
	return all, nil
}
