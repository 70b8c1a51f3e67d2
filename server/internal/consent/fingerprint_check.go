package consent

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/note"

	"ekycconnect/server/internal/consent/translog"
	"ekycconnect/server/internal/consent/translog/checkpoint"
)

// KeyError says that a key is not the one that the ledger is written with.
type KeyError struct{ Key KeyName }

func (e *KeyError) Error() string {
	switch e.Key {
	case LogKey:
		return "log key: none of the list log in the keys file is one that this ledger is signed with: put the key that signed it back there, below a newer one (server/docs/keys.md)"
	case ReceiptKey:
		return "receipt key: the one in the keys file is not the one that this ledger is written with, so no receipt would be found: put the ledger's own keys file back; if the key was replaced on purpose, run `relay store rekey --key receipt` (server/docs/keys.md)"
	}
	return "lookup key: the one in the keys file is not the one that this ledger is written with, so tokens would redeem twice and nobody's records be found: put the ledger's own keys file back; if the key was replaced on purpose, run `relay store rekey --key lookup` (server/docs/keys.md)"
}

// CheckKeys returns a *[KeyError] if one of the keys is another than the ledger's whose
// newest checkpoint is head. A key that is not there is not another one.
func CheckKeys(ctx context.Context, r KeyReader, head translog.Head, k Keys) error {
	if _, err := k.compare(ctx, r, time.Time{}, false); err != nil {
		return err
	}
	return k.checkHead(ctx, r, head)
}

// checkHead finds log keys that have not signed the head, where recorded ones have: they
// were taken out of the list too early. What nobody has signed is damaged, which others
// find.
func (k Keys) checkHead(ctx context.Context, r KeyReader, head translog.Head) error {
	if len(k.Log) == 0 || len(head.Note) == 0 {
		return nil
	}
	var own []string
	for _, seed := range k.Log {
		key, err := checkpoint.NewKey(head.Origin, seed)
		if err != nil {
			return nil // the name is damaged, or the key, and both are told where they are used
		}
		own = append(own, key.Public)
	}
	if !unsigned(head, own) {
		return nil
	}
	recorded, err := r.LogKeys(ctx)
	if err != nil || unsigned(head, recorded) {
		return err
	}
	return &KeyError{LogKey}
}

// unsigned reports whether the head is a checkpoint that none of the verifier keys has
// signed.
func unsigned(head translog.Head, keys []string) bool {
	var all []note.Verifier
	for _, key := range keys {
		if verifier, err := note.NewVerifier(key); err == nil {
			all = append(all, verifier)
		}
	}
	_, err := checkpoint.Open(head.Note, head.Origin, note.VerifierList(all...))
	var unverified *note.UnverifiedNoteError
	return errors.As(err, &unverified)
}

const (
	// explained is how many redemptions are tried before a look-up key is said to be wrong.
	explained = 20
	// mostPictures is beyond what a consent may ever have had.
	mostPictures = 1000
)

// explain tries the look-up key on a ledger that holds no fingerprint of it: a token's
// claim is the HMAC of what its event says, consent and number of the picture. If none of
// the newest ones comes out, the key is another. A ledger without redemptions cannot
// tell.
func (k Keys) explain(ctx context.Context, r KeyReader) error {
	claims, err := r.Redemptions(ctx, explained)
	if err != nil || len(claims) == 0 {
		return err
	}
	hash, err := newHasher(k)
	if err != nil {
		return err
	}
	for _, claim := range claims {
		for n := range mostPictures {
			got := hash.jti(claim.Consent, TokenID(claim.Consent.String(), n))
			if bytes.Equal(got[timeSize:], claim.Key[timeSize:]) { // the first claims did not begin with a time
				return nil
			}
		}
	}
	return &KeyError{LookupKey}
}

// TokenID names what redeems once: a picture of a consent, not the token, since one
// picture may be answered twice.
func TokenID(consent string, picture int) string { return consent + "." + strconv.Itoa(picture) }
