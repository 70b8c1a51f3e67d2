package consent

import (
	"crypto/rand"
	"crypto/sha256"
)

// saltSize is how many random bytes keep an entry from being guessed.
const saltSize = 32

// salted gives each event its salt, and returns what the log holds of it: nothing
// that could be guessed.
func salted(events []Entry) [][32]byte {
	salts := make([]byte, saltSize*len(events))
	rand.Read(salts)
	entries := make([][32]byte, len(events))
	for i := range events {
		events[i].Salt = salts[saltSize*i:][:saltSize:saltSize]
		entries[i] = logEntry(events[i])
	}
	return entries
}

// logEntry is the SHA-256 of an event's salt and body.
func logEntry(e Entry) (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write(e.Salt)
	h.Write(e.Body)
	h.Sum(sum[:0])
	return sum
}
