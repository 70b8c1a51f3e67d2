package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/secret"
)

// secretPrefix marks a secret of Standard Webhooks.
const secretPrefix = "whsec_"

// Key reads a secret: whsec_ and 24 to 64 bytes in base64. The error does not
// repeat it.
func Key(s secret.String) ([]byte, error) {
	text, ok := strings.CutPrefix(s.Reveal(), secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("needs whsec_ and 24 to 64 random bytes in base64; `relay keygen webhook` makes one")
	}
	return key, nil
}

// NewSecret is the text of a secret with these bytes.
func NewSecret(key []byte) string { return secretPrefix + base64.StdEncoding.EncodeToString(key) }

// ID names a message, the same at every try: a consent is withdrawn once and
// erased once. It has no full stop, which the signed text is joined by.
func ID(m consent.Message) string {
	return "msg_" + hex.EncodeToString(m.Consent[:]) + "_" + string(m.Kind)
}

// sign is the webhook-signature of a body sent under this id at this time.
func sign(key []byte, id string, at time.Time, body []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	m.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}
