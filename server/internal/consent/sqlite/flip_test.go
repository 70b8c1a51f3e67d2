package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/audit"
	"ekycconnect/server/internal/consent/storetest"
)

// lived makes a ledger with rows in every table and indexes of several pages, and
// leaves it.
func lived(t *testing.T) (dir string) {
	dir = t.TempDir()
	store, err := Open(dir)
	require.NoError(t, err)
	clock := storetest.NewClock()
	l := storetest.NewLedger(t, store, clock, consent.WithOutbox(func(string) bool { return true }, nil),
		consent.WithLog(consent.LogOptions{Origin: consent.SandboxOrigin, PublishEvery: time.Hour}))
	var texts [][]byte
	for i := range 3 {
		texts = append(texts, fmt.Appendf(nil, `["section","सूचना %d"]`, i))
	}
	begin := func(c consent.State, endpoint string) consent.OTPClaim {
		claim, err := l.ClaimOTP(t.Context(), consent.OTPCall{ConsentID: c.ID(), Site: c.Site, Endpoint: endpoint, IdempotencyKey: c.ID(),
			Lasts: time.Minute, Allowed: func(consent.State) error { return nil }})
		require.NoError(t, err)
		return claim
	}
	for i := range 70 {
		clock.Move(time.Second)
		sum := sha256.Sum256(texts[i%3])
		d := storetest.Decision(fmt.Sprintf("idempotency-key-%04d", i))
		d.NoticeSHA256, d.Site = hex.EncodeToString(sum[:]), fmt.Sprintf("pk_site_%d", i%3)
		d.Subject, d.SubjectSource, d.TicketID = fmt.Sprintf("customer-%d", i/2), "ticket", fmt.Sprintf("ticket-%d", i)
		require.NoError(t, l.PutNotice(t.Context(), d.NoticeSHA256, texts[i%3]))
		if i%10 == 9 {
			_, err := l.Refuse(t.Context(), d)
			require.NoError(t, err)
			continue
		}
		c, err := l.Give(t.Context(), d)
		require.NoError(t, err)
		_, err = l.Used(t.Context(), c.Committed, []consent.Call{{Endpoint: "connect", Result: "ok", At: clock.Now()}})
		require.NoError(t, err)
		_, err = l.Redeem(t.Context(), consent.Redemption{ConsentID: c.ID(), JTI: "jti", Token: "t", Reply: fmt.Sprint("sealed-reply-", i), IdempotencyKey: "key"})
		require.NoError(t, err)
		switch i % 4 {
		case 0:
			require.NoError(t, l.SettleOTP(t.Context(), begin(c, consent.EndpointGenerateOTP), consent.Call{Endpoint: consent.EndpointGenerateOTP, Result: "ok", At: clock.Now()}))
		case 1:
			begin(c, consent.EndpointGenerateOTP)
		case 2:
			_, err = l.Withdraw(t.Context(), consent.Withdrawal{ID: c.ID(), Via: consent.ViaReceipt})
			require.NoError(t, err)
		}
		switch i % 16 {
		case 0:
			require.NoError(t, l.Hold(t.Context(), c.ID(), "case 7"))
		case 3, 10:
			_, err = l.Erase(t.Context(), consent.Erasure{IDs: []string{c.ID()}, Via: consent.ViaOperator, Reason: "case 8"})
			require.NoError(t, err)
		}
	}
	require.NoError(t, l.Close())
	return dir
}

// known is by what a ledger's rows are asked for.
type known struct {
	consents                []uuid.UUID
	claims, subjects, calls []consent.Key
	notices                 [][]byte
	size                    int64
}

func column(t *testing.T, db *sql.DB, query string, each func([]byte)) {
	rows, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var value []byte
		require.NoError(t, rows.Scan(&value))
		each(value)
	}
	require.NoError(t, rows.Err())
}

func knownOf(t *testing.T, db *sql.DB) (k known) {
	column(t, db, `SELECT DISTINCT consent FROM event`, func(v []byte) { k.consents = append(k.consents, uuid.UUID(v)) })
	for table, keys := range map[string]*[]consent.Key{"claim": &k.claims, "place": &k.subjects, "otp_claim": &k.calls} {
		column(t, db, `SELECT DISTINCT key FROM `+table, func(v []byte) { *keys = append(*keys, consent.Key(v)) })
	}
	column(t, db, `SELECT sha256 FROM notice`, func(v []byte) { k.notices = append(k.notices, v) })
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM event`).Scan(&k.size))
	return k
}

// answers asks a ledger everything that a relay asks it, and then has it record one
// more consent.
func answers(ctx context.Context, dir string, k known) (said []string) {
	answer := func(question string, value any, err error) {
		said = append(said, fmt.Sprintf("%s: %q %v", question, value, err))
	}
	store, err := open(dir, 0)
	if answer("open", nil, err); err != nil {
		return said
	}
	clock := storetest.NewClock()
	clock.Move(time.Hour)
	l, err := consent.New(store, storetest.Keys, clock.Now, slog.New(slog.DiscardHandler), consent.WithFatal(func(error) {}))
	if answer("ledger", nil, err); err != nil {
		_ = store.Close()
		return said
	}
	defer l.Close()
	q := store.reads
	for _, id := range k.consents {
		events, err := q.Events(ctx, []uuid.UUID{id})
		answer("events of "+id.String(), events, err)
		decision, err := q.Decision(ctx, id)
		answer("decision of "+id.String(), decision, err)
		calls, err := q.OTPClaims(ctx, nil, []uuid.UUID{id})
		answer("calls of "+id.String(), calls, err)
		holds, err := q.Holds(ctx, []uuid.UUID{id})
		answer("hold on "+id.String(), holds, err)
	}
	for _, key := range append([]consent.Key{{}, {0xff}}, k.claims...) {
		claims, err := q.Claims(ctx, []consent.Key{key})
		answer(fmt.Sprintf("claim %x", key), claims, err)
	}
	for _, key := range append([]consent.Key{{}, {0xff}}, k.calls...) {
		calls, err := q.OTPClaims(ctx, []consent.Key{key}, nil)
		answer(fmt.Sprintf("call %x", key), calls, err)
	}
	for _, key := range k.subjects {
		refs, err := q.BySubject(ctx, key, math.MaxInt64, 10)
		answer(fmt.Sprintf("records of %x", key), refs, err)
	}
	for _, sum := range k.notices {
		text, err := q.Notice(ctx, [32]byte(sum))
		answer(fmt.Sprintf("notice %x", sum), text, err)
	}
	for i := range k.size {
		one, err := q.Range(ctx, i, 1)
		answer(fmt.Sprint("event ", i), one, err)
		leaves, err := q.Leaves(ctx, i, 2)
		answer(fmt.Sprint("leaves ", i), leaves, err)
	}
	for i := range tlog.StoredHashCount(k.size) {
		hashes, err := q.Hashes(ctx, []int64{i})
		answer(fmt.Sprint("hash ", i), hashes, err)
	}
	head, err := q.Head(ctx)
	answer("head", head, err)
	published, err := q.Published(ctx)
	answer("published", published, err)
	prints, err := q.Fingerprints(ctx)
	answer("fingerprints", prints, err)
	keys, err := q.LogKeys(ctx)
	answer("log keys", keys, err)
	messages, err := q.Messages(ctx, 1000)
	for i := range messages {
		messages[i].Tries = 0 // sets how long a webhook waits for its next try, and is in no answer
	}
	answer("messages", messages, err)
	waiting, givenUp, err := q.MessageCount(ctx)
	answer("message count", []int{waiting, givenUp}, err)
	holds, err := q.Holds(ctx, nil)
	answer("holds", holds, err)
	for _, since := range []time.Duration{0, 30 * time.Second, 100 * time.Second} {
		refs, err := q.Decisions(ctx, storetest.Start.Add(since), storetest.Start.Add(time.Hour), -1, 1000)
		answer(fmt.Sprint("decisions since ", since), refs, err)
		refs, err = q.Old(ctx, storetest.Start.Add(since), uuid.Nil, 1000)
		answer(fmt.Sprint("old before ", since), refs, err)
	}
	size, newest, err := q.Size(ctx)
	answer("size", fmt.Sprint(size, newest), err)
	_, err = l.Give(ctx, storetest.Decision("key-of-one-more"))
	answer("give", nil, err)
	_, err = l.Erase(ctx, consent.Erasure{IDs: []string{k.consents[5].String()}, Via: consent.ViaOperator, Reason: "case 9"})
	answer("erase", nil, err)
	return said
}

// page is one of a b-tree's, with the bytes of it that are in use.
type page struct {
	number int
	used   [][2]int // from, to
}

// btrees are the pages of each table and index.
func btrees(t *testing.T, db *sql.DB, file []byte) map[string][]page {
	const size = 4096
	found := map[string][]page{}
	rows, err := db.QueryContext(t.Context(), `SELECT name, pageno FROM dbstat WHERE pagetype <> 'overflow' ORDER BY pageno`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		var p page
		require.NoError(t, rows.Scan(&name, &p.number))
		at := (p.number - 1) * size
		text := file[at : at+size]
		header := 0
		if p.number == 1 {
			header = 100
		}
		cells := int(binary.BigEndian.Uint16(text[header+3:]))
		pointers := header + 8
		if text[header] == 2 || text[header] == 5 { // an interior page
			pointers += 4
		}
		content := int(binary.BigEndian.Uint16(text[header+5:]))
		if content == 0 {
			content = 65536
		}
		p.used = [][2]int{{at, at + pointers + 2*cells}, {at + min(content, size), at + size}}
		found[name] = append(found[name], p)
	}
	require.NoError(t, rows.Err())
	return found
}

// pick is a bit of a page that is in use.
func (p page) pick(r *rand.Rand) (at int, bit byte) {
	n := 0
	for _, u := range p.used {
		n += u[1] - u[0]
	}
	n = r.IntN(n)
	for _, u := range p.used {
		if n < u[1]-u[0] {
			return u[0] + n, 1 << r.IntN(8)
		}
		n -= u[1] - u[0]
	}
	panic("unreachable")
}

// A flipped bit in the page of any table or index either changes nothing that a relay
// answers, or is found.
func TestAFlippedBitThatChangesAnAnswerIsFound(t *testing.T) {
	dir := lived(t)
	file, err := os.ReadFile(filepath.Join(dir, "ledger.db"))
	require.NoError(t, err)
	db, err := openPlain(filepath.Join(dir, "ledger.db"))
	require.NoError(t, err)
	k, trees := knownOf(t, db), btrees(t, db, file)
	require.NoError(t, db.Close())
	require.Greater(t, len(trees["event_consent"]), 2, "several pages, one above the others")
	require.Greater(t, len(trees["claim"]), 2)
	written := func(text []byte) string {
		at := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(at, "ledger.db"), text, 0o600))
		return at
	}
	whole := written(file)
	_, err = verify(t, whole, audit.Options{})
	require.NoError(t, err)
	want := answers(t.Context(), whole, k)
	for _, answer := range want {
		require.Contains(t, answer, " <nil>")
	}
	flips := map[string]int{"event_consent": 50, "claim": 40, "otp_claim": 20, "reply": 20, "fingerprint": 20, "goose_db_version": 20}
	random := rand.New(rand.NewPCG(2026, 11))
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		t.Run(name, func(t *testing.T) {
			for range max(flips[name], 8) {
				at, bit := trees[name][random.IntN(len(trees[name]))].pick(random)
				flipped := slices.Clone(file)
				flipped[at] ^= bit
				dir := written(flipped)
				if _, err := audited(t.Context(), dir); err != nil {
					continue
				}
				got := answers(t.Context(), dir, k)
				i := slices.IndexFunc(want, func(answer string) bool { return !slices.Contains(got, answer) })
				require.Negative(t, i, "bit %#x of byte %d of page %d was not found, and changed an answer", bit, at%4096, at/4096+1)
			}
		})
	}
}

// audited verifies a ledger that may not even be one any more.
func audited(ctx context.Context, dir string) (audit.Report, error) {
	from, err := Inspect(ctx, dir)
	if err != nil {
		return audit.Report{}, err
	}
	defer from.Close()
	return audit.Verify(ctx, from, audit.Options{})
}
