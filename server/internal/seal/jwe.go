package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// box seals and opens the JWEs of one kind under one key. As their header is
// always the same, what is left of RFC 7516 is AES-GCM and five segments; tests
// hold it against go-jose, which takes several times as long.
type box struct {
	header []byte // the protected header's segment
	aead   cipher.AEAD
}

// segment is base64url of one spelling; new lines, which it would skip, are
// refused before.
var segment = base64.RawURLEncoding.Strict()

func newBox(kind Kind, id string, key []byte) (box, error) {
	header, err := headerOf(kind, id, key)
	if err != nil {
		return box{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return box{}, fmt.Errorf("seal: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return box{}, fmt.Errorf("seal: %w", err)
	}
	return box{[]byte(header), aead}, nil
}

// headerOf is the protected header segment as go-jose writes it. It is the same
// every time, so opening compares it whole: any other algorithm, kind, member or
// spelling (zip, crit, jku …) is refused before decryption.
func headerOf(kind Kind, id string, key []byte) (string, error) {
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: key, KeyID: id},
		(&jose.EncrypterOptions{}).WithType(jose.ContentType(kind)))
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	sample, err := encrypter.Encrypt(nil)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	compact, err := sample.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	header, _, _ := strings.Cut(compact, ".")
	return header, nil
}

// seal makes the compact serialization; "dir" has no encrypted key.
func (b box) seal(plain []byte) string {
	iv := make([]byte, b.aead.NonceSize(), b.aead.NonceSize()+len(plain)+b.aead.Overhead())
	rand.Read(iv) // never fails
	sealed := b.aead.Seal(iv[len(iv):], iv, plain, b.header)
	text, tag := sealed[:len(plain)], sealed[len(plain):]
	out := make([]byte, 0, len(b.header)+4+segment.EncodedLen(len(iv))+segment.EncodedLen(len(text))+segment.EncodedLen(len(tag)))
	out = append(append(out, b.header...), '.', '.')
	out = append(segment.AppendEncode(out, iv), '.')
	out = append(segment.AppendEncode(out, text), '.')
	return string(segment.AppendEncode(out, tag))
}

// open is the reverse. The zero box, of a header that nobody wrote, opens nothing.
func (b box) open(value string) (plain []byte, ok bool) {
	parts := bytes.Split([]byte(value), []byte("."))
	if b.aead == nil || len(parts) != 5 || !bytes.Equal(parts[0], b.header) || len(parts[1]) > 0 || strings.ContainsAny(value, "\r\n") {
		return nil, false
	}
	iv, err := segment.AppendDecode(nil, parts[2])
	if err != nil || len(iv) != b.aead.NonceSize() {
		return nil, false
	}
	sealed, err := segment.AppendDecode(make([]byte, 0, len(value)), parts[3])
	if err != nil {
		return nil, false
	}
	text := len(sealed)
	sealed, err = segment.AppendDecode(sealed, parts[4])
	if err != nil || len(sealed)-text != b.aead.Overhead() {
		return nil, false
	}
	plain, err = b.aead.Open(sealed[:0], iv, sealed, b.header)
	return plain, err == nil
}
