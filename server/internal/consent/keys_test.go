package consent

import (
	"encoding/hex"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// What older versions have written is found by these keys.
func TestKeysStayTheSame(t *testing.T) {
	h, err := newHasher(Keys{Lookup: []byte("a lookup key of the tests, 32 B.")})
	require.NoError(t, err)
	id := uuid.MustParse("019ab000-1234-7000-8000-000000000000")
	for name, row := range map[string]struct {
		key  Key
		want string
	}{
		"subject":    {h.subject("pk_a", "customer-1"), "c7727625b9c8497954abd0f2ad02bc79"},
		"decision":   {h.decision(Given, &Decision{Site: "pk_a", IdempotencyKey: "key-1"}), "b97973a5eadb2554821f43787f3730a7"},
		"request":    {h.request(&Decision{Digest: [32]byte{1, 2}}), "3577ba60b567259213d28e43185c70c2"},
		"ticket":     {h.ticketID("pk_a", "ticket-1"), "3a45baab3641399a35f0d266ba34d89f"},
		"token":      {h.jti(id, "jti-1"), "019ab0001234b9bb9f90a3c25e8a7d63"},
		"redemption": {h.repeat("key-1", "token-1"), "6d372c70271cce4173cf3833b72da5c2"},
		"no key":     {h.repeat("", "token-1"), "00000000000000000000000000000000"},
	} {
		require.Equal(t, row.want, hex.EncodeToString(row.key[:]), name)
	}
}

// What older versions have written is compared with these.
func TestFingerprintsStayTheSame(t *testing.T) {
	key := []byte("a lookup key of the tests, 32 B.")
	for name, want := range map[KeyName]string{
		LookupKey:  "b36a76f8f41b95fd",
		ReceiptKey: "7d486aaab7edf97a",
		LogKey:     "a90ba2b8e884ccd0",
	} {
		got, err := name.print(key)
		require.NoError(t, err)
		require.Equal(t, want, hex.EncodeToString(got[:]), name)
	}
}
