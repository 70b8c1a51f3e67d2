package seal

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// vectors holds a value of each kind as it was first released, and what it says.
// What a release has sealed, the next one opens: a file of this directory is
// never changed, and a change of members or kinds is a v2 beside it.
//
//go:embed testdata/v1.json
var vectors []byte

// filled sets every member, so that none can go unseen.
func filled() []Claims {
	base := Base{Site: "pk_live_a", Purpose: "account-opening"}
	held := Consented{
		Base: base, Account: "main", Origin: "https://www.bank.example", Channel: "widget", ConsentID: "0197f3a0-0000-7000-8000-000000000001",
		GivenAt: 1795429800123, NoticeSHA256: strings.Repeat("ab", 32), Lang: "mni-Mtei", VendorSession: "vendor-session",
		Transaction: "transaction", Subject: "ग्राहक <1>", SubjectSource: "ticket", Ticketed: true, Picture: 3,
	}
	return []Claims{
		&Presentation{Base: base, Requested: "hi-IN", Notice: Hash{1, 2, 31: 32}, Nonce: "nonce-of-128-bits"},
		&Ticket{Base: base, ID: "ticket-id", Subject: "ग्राहक <1>"},
		&Session{held},
		&Token{Consented: held, Answer: "x7Kp2", SessionEnds: 1795430400123},
		&Verification{Consented: held, Answer: "x7Kp2", SessionEnds: 1795430400123, OTP: 2},
		&Hosted{
			Base: base, Origin: "https://www.bank.example", Return: "https://www.bank.example/back", State: "state-of-the-visit", Lang: "hi",
			Subject: "ग्राहक <1>", NoticeSHA256: strings.Repeat("ab", 32), Key: "key-of-the-decision", ConsentID: "0197f3a0-0000-7000-8000-000000000001",
		},
	}
}

func TestWhatWasSealedInTheFirstFormOpensAndSaysTheSame(t *testing.T) {
	var released map[Kind]struct {
		Sealed  string         `json:"sealed"`
		Members jsontext.Value `json:"members"`
	}
	require.NoError(t, json.Unmarshal(vectors, &released))
	s, _ := newSealer(t, k1)
	known := map[Kind]bool{}
	for _, want := range filled() {
		kind := want.kind()
		known[kind] = true
		now, err := s.Seal(want, time.Hour)
		require.NoError(t, err)
		members, err := json.Marshal(want)
		require.NoError(t, err)
		v, ok := released[kind]
		require.True(t, ok, "a new kind needs a line in testdata/v1.json:\n%q: {\"sealed\": %q, \"members\": %s}", kind, now, members)
		everyField(t, reflect.ValueOf(want).Elem(), string(kind))

		got := reflect.New(reflect.TypeOf(want).Elem()).Interface().(Claims)
		require.NoError(t, s.Open(v.Sealed, got), kind)
		require.Equal(t, want, got)
		require.JSONEq(t, string(v.Members), string(members), "the members of a %s are others than those that were released", kind)
		require.NotContains(t, string(members), `\u003c`)

		header, _, _ := strings.Cut(v.Sealed, ".")
		text, err := base64.RawURLEncoding.DecodeString(header)
		require.NoError(t, err)
		require.JSONEq(t, fmt.Sprintf(`{"alg":"dir","enc":"A256GCM","kid":"k1","typ":%q}`, kind), string(text))
	}
	for _, kind := range kinds {
		require.True(t, known[kind], "a %s needs a line in filled", kind)
	}
	require.Len(t, released, len(kinds), "a kind that was released is missing")
}

// everyField makes sure that no member of a vector is left out for being zero.
func everyField(t *testing.T, v reflect.Value, at string) {
	t.Helper()
	for i := range v.NumField() {
		field, name := v.Field(i), at+"."+v.Type().Field(i).Name
		if field.Kind() == reflect.Struct {
			everyField(t, field, name)
			continue
		}
		require.False(t, field.IsZero(), "%s is not set in filled", name)
	}
}
