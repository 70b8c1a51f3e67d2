package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

var (
	k1 = MasterKey{ID: "k1", Key: bytes.Repeat([]byte{1}, 32)}
	k2 = MasterKey{ID: "k2", Key: bytes.Repeat([]byte{2}, 32)}
)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newSealer(t *testing.T, ring ...MasterKey) (*Sealer, *clock) {
	t.Helper()
	c := &clock{time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	s, err := New(ring, c.Now)
	require.NoError(t, err)
	return s, c
}

func everyKind() []Claims {
	base := Base{Site: "pk_a", Purpose: "p"}
	held := Consented{Base: base, ConsentID: "c", VendorSession: "canary-session"}
	return []Claims{
		&Presentation{Base: base, Nonce: "n"}, &Ticket{Base: base, ID: "t"},
		&Session{held}, &Token{Consented: held, Answer: "canary-answer"}, &Hosted{Base: base, Origin: "https://canary.example"},
		&Verification{Consented: held, Answer: "canary-answer", OTP: 2},
	}
}

func TestAValueOpensAsItsOwnKindOnly(t *testing.T) {
	s, _ := newSealer(t, k1)
	for i, sealed := range everyKind() {
		value, err := s.Seal(sealed, time.Minute)
		require.NoError(t, err)
		require.NotContains(t, value, "canary")
		for j, target := range everyKind() {
			err := s.Open(value, target)
			if i == j {
				require.NoError(t, err)
				require.Equal(t, sealed, target)
			} else {
				require.ErrorIs(t, err, ErrInvalid, "%T opened as %T", sealed, target)
			}
		}
	}
}

func TestEveryAlteredCharacterIsRefused(t *testing.T) {
	s, _ := newSealer(t, k1)
	value, err := s.Seal(&Ticket{Base: Base{Site: "a"}, ID: "t"}, time.Minute)
	require.NoError(t, err)
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	for i := range value {
		for _, c := range []byte(alphabet) {
			if c == value[i] {
				continue
			}
			require.ErrorIs(t, s.Open(value[:i]+string(c)+value[i+1:], &Ticket{}), ErrInvalid, "position %d", i)
		}
		require.ErrorIs(t, s.Open(value[:i], &Ticket{}), ErrInvalid, "cut at %d", i)
	}
	for _, odd := range []string{"", ".", "....", value + ".", value + "A", " " + value, value + "\n", strings.Replace(value, "..", "..\r\n", 1), value[:40] + "\n" + value[40:], strings.Repeat("A", 5000)} {
		require.ErrorIs(t, s.Open(odd, &Ticket{}), ErrInvalid)
	}
}

// A value has one spelling: nothing may be put in or moved, though the cipher would
// not mind.
func TestNothingIsPutInOrMoved(t *testing.T) {
	s, _ := newSealer(t, k1)
	value, err := s.Seal(&Ticket{Base: Base{Site: "a"}, ID: "t"}, time.Minute)
	require.NoError(t, err)
	require.ErrorIs(t, s.Open(strings.Replace(value, "..", ".AA.", 1), &Ticket{}), ErrInvalid, "an encrypted key")
	parts := strings.Split(value, ".")
	text, err := segment.DecodeString(parts[3])
	require.NoError(t, err)
	tag, err := segment.DecodeString(parts[4])
	require.NoError(t, err)
	parts[3], parts[4] = segment.EncodeToString(append(text, tag[0])), segment.EncodeToString(tag[1:])
	require.ErrorIs(t, s.Open(strings.Join(parts, "."), &Ticket{}), ErrInvalid, "a byte of the tag")
}

// What this release does not seal it does not open either, though the key is right.
func TestWhatIsSealedOtherwiseDoesNotOpen(t *testing.T) {
	s, _ := newSealer(t, k1)
	for name, row := range map[string]struct {
		plain string
		want  error
	}{
		"as it is":           {`{"s":"a","p":"","i":0,"e":9999999999999,"jti":"t"}`, nil},
		"an unknown member":  {`{"s":"a","p":"","i":0,"e":9999999999999,"jti":"t","x":1}`, ErrInvalid},
		"a member twice":     {`{"s":"a","s":"b","p":"","i":0,"e":9999999999999,"jti":"t"}`, ErrInvalid},
		"no object":          {`[]`, ErrInvalid},
		"over 2,048 letters": {`{"s":"a","p":"","i":0,"e":9999999999999,"jti":"` + strings.Repeat("t", 2000) + `"}`, ErrInvalid},
	} {
		encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: keyOf(t, k1, KindTicket), KeyID: "k1"},
			(&jose.EncrypterOptions{}).WithType(jose.ContentType(KindTicket)))
		require.NoError(t, err)
		sealed, err := encrypter.Encrypt([]byte(row.plain))
		require.NoError(t, err)
		value, err := sealed.CompactSerialize()
		require.NoError(t, err)
		require.ErrorIs(t, s.Open(value, &Ticket{}), row.want, name)
	}
}

func TestNothingIsSealedThatIsTooLongToOpen(t *testing.T) {
	s, _ := newSealer(t, k1)
	longest := 0
	for n := range 2000 {
		value, err := s.Seal(&Ticket{ID: strings.Repeat("x", n)}, time.Minute)
		if err != nil {
			require.Greater(t, longest, wire.MaxSealed-3)
			return
		}
		longest = len(value)
		require.LessOrEqual(t, longest, wire.MaxSealed)
		require.NoError(t, s.Open(value, &Ticket{}))
	}
	require.Fail(t, "there is no limit")
}

func TestAHashHasOneSpelling(t *testing.T) {
	good := strings.Repeat("0a", 32)
	hash, ok := HashOf(good)
	require.True(t, ok)
	require.Equal(t, Hash(bytes.Repeat([]byte{10}, 32)), hash)
	for _, bad := range []string{"", "0a", good[2:], good + "0a", strings.ToUpper(good), "xx" + good[2:], good[1:]} {
		_, ok := HashOf(bad)
		require.False(t, ok, bad)
	}
}

func TestOtherHeadersAreRefusedEvenWithTheRightKey(t *testing.T) {
	s, _ := newSealer(t, k1)
	key := keyOf(t, k1, KindTicket)
	plain := []byte(`{"s":"a","p":"","i":0,"e":9999999999999,"jti":"t"}`)
	for name, options := range map[string]*jose.EncrypterOptions{
		"compressed": (&jose.EncrypterOptions{Compression: jose.DEFLATE}).WithType("ticket"),
		"other typ":  (&jose.EncrypterOptions{}).WithType("token"),
		"no typ":     {},
		"critical":   (&jose.EncrypterOptions{}).WithType("ticket").WithHeader("crit", []string{"x"}),
		"more":       (&jose.EncrypterOptions{}).WithType("ticket").WithHeader("x", "y"),
	} {
		encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: key, KeyID: "k1"}, options)
		require.NoError(t, err)
		sealed, err := encrypter.Encrypt(plain)
		require.NoError(t, err)
		value, err := sealed.CompactSerialize()
		require.NoError(t, err)
		require.ErrorIs(t, s.Open(value, &Ticket{}), ErrInvalid, name)
	}
}

// keyOf derives a kind's key as the format says, apart from the code under test.
func keyOf(t *testing.T, master MasterKey, kind Kind) []byte {
	t.Helper()
	key, err := hkdf.Key(sha256.New, master.Key, nil, "ekyc-connect/"+string(kind)+"/v1", 32)
	require.NoError(t, err)
	return key
}

func TestAnotherImplementationOpensWhatIsSealedAndTheOtherWayRound(t *testing.T) {
	s, _ := newSealer(t, k1)
	for _, c := range everyKind() {
		key := keyOf(t, k1, c.kind())
		value, err := s.Seal(c, time.Minute)
		require.NoError(t, err)
		parsed, err := jose.ParseEncryptedCompact(value, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
		require.NoError(t, err)
		plain, err := parsed.Decrypt(key)
		require.NoError(t, err)

		encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: key, KeyID: "k1"},
			(&jose.EncrypterOptions{}).WithType(jose.ContentType(c.kind())))
		require.NoError(t, err)
		theirs, err := encrypter.Encrypt(plain)
		require.NoError(t, err)
		value, err = theirs.CompactSerialize()
		require.NoError(t, err)
		for _, target := range everyKind() {
			if target.kind() == c.kind() {
				require.NoError(t, s.Open(value, target))
				require.Equal(t, c, target)
			}
		}
	}
}

func TestTheHeaderSaysWhatTheFormatPromises(t *testing.T) {
	s, _ := newSealer(t, k1)
	value, err := s.Seal(&Session{}, time.Minute)
	require.NoError(t, err)
	head, rest, _ := strings.Cut(value, ".")
	header, err := base64.RawURLEncoding.DecodeString(head)
	require.NoError(t, err)
	require.JSONEq(t, `{"alg":"dir","enc":"A256GCM","kid":"k1","typ":"session"}`, string(header))
	require.True(t, strings.HasPrefix(rest, "."), "dir has no encrypted key")
	require.Equal(t, 4, strings.Count(value, "."))
}

func TestTimeIsKeptWithinTheSkew(t *testing.T) {
	s, c := newSealer(t, k1)
	value, err := s.Seal(&Ticket{ID: "t"}, time.Minute)
	require.NoError(t, err)
	start := c.now
	for _, row := range []struct {
		at   time.Duration
		want error
	}{
		{0, nil}, {time.Minute + Skew, nil}, {time.Minute + Skew + time.Millisecond, ErrExpired},
		{-Skew, nil}, {-Skew - time.Millisecond, ErrInvalid},
	} {
		c.now = start.Add(row.at)
		var got Ticket
		require.ErrorIs(t, s.Open(value, &got), row.want, "%v", row.at)
		if row.want != ErrInvalid {
			require.Equal(t, "t", got.ID, "claims are there after expiry too")
		}
	}
	c.now = start
	born, err := s.Seal(&Ticket{}, -time.Hour)
	require.NoError(t, err)
	require.ErrorIs(t, s.Open(born, &Ticket{}), ErrExpired)
}

func TestTheRingOpensOldKeysAndSealsWithTheNewest(t *testing.T) {
	old, _ := newSealer(t, k1)
	value, err := old.Seal(&Ticket{ID: "t"}, time.Minute)
	require.NoError(t, err)
	both, _ := newSealer(t, k2, k1)
	require.NoError(t, both.Open(value, &Ticket{}))
	only, _ := newSealer(t, k2)
	require.ErrorIs(t, only.Open(value, &Ticket{}), ErrInvalid)
	value, err = both.Seal(&Ticket{}, time.Minute)
	require.NoError(t, err)
	require.NoError(t, only.Open(value, &Ticket{}))
	same := MasterKey{ID: "k1", Key: k2.Key}
	forged, _ := newSealer(t, same)
	require.ErrorIs(t, forged.Open(value, &Ticket{}), ErrInvalid, "kid is part of the header")
}

func TestBadRingsAreRefused(t *testing.T) {
	_, err := New(nil, time.Now)
	require.ErrorContains(t, err, "relay keygen")
	_, err = New([]MasterKey{{ID: "x", Key: []byte("short")}}, time.Now)
	require.ErrorContains(t, err, "32")
}

func TestTheLongestTokenAndTicketFit(t *testing.T) {
	s, _ := newSealer(t, MasterKey{ID: strings.Repeat("k", 32), Key: k1.Key})
	long := func(n int) string { return strings.Repeat("x", n) }
	subject := strings.Repeat("𝒳", wire.MaxSubjectBytes/4)
	base := Base{Site: long(64), Purpose: long(64)}
	held := Consented{
		Base: base, Account: long(32), Origin: "https://" + long(253) + ":65535", Channel: long(16), ConsentID: long(36),
		GivenAt: 9e12, NoticeSHA256: long(64), Lang: "mni-Beng", VendorSession: long(96), Transaction: long(96),
		Subject: subject, SubjectSource: "ticket", Ticketed: true, Picture: 100,
	}
	const answer = `"\"\"\"\"\"\"\"\"`
	token, err := s.Seal(&Token{Consented: held, Answer: answer, SessionEnds: 9e12}, time.Minute)
	require.NoError(t, err)
	require.LessOrEqual(t, len(token), wire.MaxSealed)
	t.Log("longest token", len(token))
	verification, err := s.Seal(&Verification{Consented: held, Answer: answer, SessionEnds: 9e12, OTP: 10}, time.Minute)
	require.NoError(t, err)
	t.Log("longest verification", len(verification))
	ticket, err := s.Seal(&Ticket{Base: base, ID: long(32), Subject: subject}, time.Minute)
	require.NoError(t, err)
	require.LessOrEqual(t, len(ticket), 1024)
	t.Log("longest ticket", len(ticket))
	_, err = s.Seal(&Ticket{Base: base, Subject: long(4000)}, time.Minute)
	require.ErrorContains(t, err, "limit")
}

func FuzzOpen(f *testing.F) {
	s, err := New([]MasterKey{k1}, time.Now)
	require.NoError(f, err)
	for _, c := range everyKind() {
		value, err := s.Seal(c, time.Minute)
		require.NoError(f, err)
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, c := range everyKind() {
			if s.Open(value, c) == nil {
				continue // only a seed can open: nobody else has the key
			}
		}
	})
}
