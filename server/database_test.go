package main

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/check"
	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/consent/receipt"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

// database is an empty database with the three roles that server/docs/deploy.md
// tells operators to make.
type database struct {
	dsn                    string // of the superuser
	owner, serving, eraser string // as they stand in a configuration
	env                    map[string]string
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	d := &database{dsn: pgtest.Database(t), env: map[string]string{}}
	for name, value := range configtest.Env {
		d.env[name] = value
	}
	u, err := url.Parse(d.dsn)
	require.NoError(t, err)
	name := strings.TrimPrefix(u.Path, "/")
	server, tag := pgtest.Shared(t), strings.ToLower(rand.Text()[:8])
	role := func(what string) (dsn string) {
		password := "canary-" + rand.Text()
		user := "ekyc_" + what + "_" + tag
		require.NoError(t, server.Exec(t.Context(), name, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", user, password)))
		d.env["PASSWORD_"+strings.ToUpper(what)] = password
		return fmt.Sprintf("postgres://%s:${PASSWORD_%s}@%s/%s?sslmode=disable", user, strings.ToUpper(what), u.Host, name)
	}
	d.owner, d.serving, d.eraser = role("owner"), role("relay"), role("eraser")
	require.NoError(t, server.Exec(t.Context(), name, fmt.Sprintf("ALTER DATABASE %s OWNER TO ekyc_owner_%s", name, tag)))
	require.NoError(t, server.Exec(t.Context(), name, fmt.Sprintf("REVOKE CONNECT ON DATABASE %s FROM PUBLIC", name)))
	return d
}

// configured writes a configuration with these lines about the store.
func (d *database) configured(t *testing.T, lines ...string) (path string) {
	t.Helper()
	return configtest.Example(t, "# Keys that seal what", strings.Join(lines, "\n")+"\n\n# Keys that seal what", "consent.example.com/v1/log", consent.SandboxOrigin)
}

// revealed is an address with its password in it.
func (d *database) revealed(t *testing.T, written string) secret.String {
	t.Helper()
	store, err := config.ParseStore(written, func(name string) (string, bool) { v, ok := d.env[name]; return v, ok })
	require.NoError(t, err)
	return store.String
}

// relayed runs a command, and sees that nothing secret is printed.
func (d *database) relayed(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	code, stdout, stderr = relayed(t, d.env, args...)
	require.NotContains(t, stdout+stderr, "canary")
	return code, stdout, stderr
}

// checked is what `relay check` says of the database.
func (d *database) checked(t *testing.T, path string) (problems, warnings []string) {
	t.Helper()
	c, err := config.Load(path, func(name string) (string, bool) { v, ok := d.env[name]; return v, ok })
	require.NoError(t, err)
	var out strings.Builder
	found, warnings := check.Store(t.Context(), c, &out)
	for _, problem := range found {
		problems = append(problems, problem.Error())
	}
	require.NotContains(t, fmt.Sprint(out.String(), problems, warnings), "canary")
	return problems, warnings
}

// ledger opens the ledger as a relay with this address does.
func (d *database) ledger(t *testing.T, at, keysFile string, clock func() time.Time) *consent.Ledger {
	t.Helper()
	keys, err := config.LoadKeys(keysFile)
	require.NoError(t, err)
	store, err := postgres.Open(t.Context(), d.revealed(t, at))
	require.NoError(t, err)
	l, err := consent.New(store, app.LedgerKeys(keys), clock, slog.New(slog.DiscardHandler), consent.WithLog(consent.LogOptions{Origin: consent.SandboxOrigin}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func TestEachRoleOfTheDatabaseMayDoItsPartAndTheCommandsSayWhatIsMissing(t *testing.T) {
	d := newDatabase(t)
	alone := d.configured(t, "store: "+d.serving)
	problems, _ := d.checked(t, alone)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], "run `relay store migrate --config FILE` with store_owner")
	code, _, stderr := d.relayed(t, "log", "verify", "--config", alone)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "permission denied for database")

	all := d.configured(t, "store: "+d.serving, "store_owner: "+d.owner, "store_eraser: "+d.eraser)
	code, stdout, stderr := d.relayed(t, "store", "migrate", "--config", all)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "has the tables of this version")
	code, _, stderr = d.relayed(t, "store", "migrate", "--config", all)
	require.Zero(t, code, "again: %s", stderr)
	code, _, stderr = d.relayed(t, "store", "migrate", "--config", alone)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "does not own the database")
	problems, warnings := d.checked(t, all)
	require.Empty(t, problems)
	require.NotContains(t, strings.Join(warnings, "\n"), "erase")
	problems, warnings = d.checked(t, alone)
	require.Empty(t, problems)
	require.Contains(t, strings.Join(warnings, "\n"), "run `relay consents erase --expired` once a day")
	require.Contains(t, strings.Join(warnings, "\n"), "synchronous_standby_names is empty")

	l := d.ledger(t, d.serving, filepath.Join(filepath.Dir(alone), "keys.yaml"), time.Now)
	require.NoError(t, l.PutNotice(t.Context(), noticeSum, noticeText))
	kept, err := l.Give(t.Context(), decision("key-of-one-that-is-kept"))
	require.NoError(t, err)
	erased, err := l.Give(t.Context(), decision("key-of-one-that-is-erased"))
	require.NoError(t, err)

	erase := []string{"consents", "erase", "--config", alone, erased.ID(), "--reason", "case 7"}
	code, _, stderr = d.relayed(t, erase...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "name one that may in store_eraser")
	eraser := filepath.Join(filepath.Dir(alone), "eraser.yaml")
	text, err := os.ReadFile(alone)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(eraser, append(text, "store_eraser: "+d.eraser+"\n"...), 0o600))
	code, _, stderr = d.relayed(t, "consents", "hold", "--config", eraser, kept.ID(), "--reason", "case 8")
	require.Zero(t, code, stderr)
	erase[3] = eraser
	code, stdout, stderr = d.relayed(t, erase...)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "1 record erased")
	code, stdout, stderr = d.relayed(t, "log", "verify", "--config", alone)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "of 2 records, 1 of them erased")
	code, stdout, stderr = d.relayed(t, "consents", "export", "--config", alone)
	require.Zero(t, code, stderr)
	require.Equal(t, 2, strings.Count(stdout, "\n"))
	code, _, stderr = d.relayed(t, "store", "backup", "--config", alone, "--out", filepath.Join(t.TempDir(), "x"))
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "pg_dump")
}

func TestALedgerMovesToADatabaseAsItIs(t *testing.T) {
	s, d := newServing(t), newDatabase(t)
	var ids []string
	for i := range 9 {
		ids = append(ids, s.give(t, fmt.Sprintf("key-before-the-move-%d", i)).ID())
	}
	_, err := s.Redeem(t.Context(), consent.Redemption{ConsentID: ids[0], JTI: "jti", Token: "t", IdempotencyKey: "key-of-a-redemption", Reply: "r"})
	require.NoError(t, err)
	_, err = s.Withdraw(t.Context(), consent.Withdrawal{ID: ids[1], Via: consent.ViaReceipt})
	require.NoError(t, err)
	require.NoError(t, s.Hold(t.Context(), ids[2], "case 1"))
	_, err = s.Erase(t.Context(), consent.Erasure{IDs: ids[3:4], Via: consent.ViaOperator, Reason: "case 2"})
	require.NoError(t, err)
	open := consent.OTPCall{
		ConsentID: ids[4], Site: "pk_live_a", Endpoint: consent.EndpointVerifyOTP, IdempotencyKey: "under-way", Lasts: time.Hour,
		Allowed: func(consent.State) error { return nil },
	}
	_, err = s.ClaimOTP(t.Context(), open)
	require.NoError(t, err)
	before, err := s.Receipt(t.Context(), ids[0])
	require.NoError(t, err)
	checkpoint, err := s.Checkpoint(t.Context())
	require.NoError(t, err)

	move := []string{"store", "copy", "--from", s.dir, "--to", d.owner}
	code, _, stderr := d.relayed(t, move...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "in use by another relay")
	require.NoError(t, s.Close())
	for want, args := range map[string][]string{
		"name the ledger's directory": {"--to", d.owner},
		"name the database":           {"--from", s.dir},
		"needs an address":            {"--from", s.dir, "--to", "sqlite:///canary"},
		"there is no":                 {"--from", filepath.Join(s.dir, "elsewhere"), "--to", d.owner},
	} {
		code, _, stderr := d.relayed(t, append([]string{"store", "copy"}, args...)...)
		require.Equal(t, 1, code)
		require.Contains(t, stderr, want)
	}
	code, stdout, stderr := d.relayed(t, move...)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "12 events copied")
	code, _, stderr = d.relayed(t, move...)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "is not empty")

	l := d.ledger(t, d.owner, filepath.Join(s.dir, config.KeysFile), s.clock.Now)
	shown, err := l.Checkpoint(t.Context())
	require.NoError(t, err)
	require.Equal(t, checkpoint, shown)
	after, err := l.Receipt(t.Context(), ids[0])
	require.NoError(t, err)
	require.Equal(t, before, after, "the same tree, the same proof")
	again, err := l.Redeem(t.Context(), consent.Redemption{ConsentID: ids[0], JTI: "jti", Token: "t", IdempotencyKey: "key-of-a-redemption", Reply: "r2"})
	require.NoError(t, err)
	require.True(t, again.Repeat)
	require.ErrorIs(t, l.ClaimableOTP(t.Context(), open), consent.ErrInProgress)
	holds, err := l.Holds(t.Context())
	require.NoError(t, err)
	require.Len(t, holds, 1)
	next, err := l.Give(t.Context(), decision("key-after-the-move"))
	require.NoError(t, err)
	file, err := l.Receipt(t.Context(), next.ID())
	require.NoError(t, err)
	keys, err := l.LogKeys(t.Context())
	require.NoError(t, err)
	verifier, err := note.NewVerifier(keys[0])
	require.NoError(t, err)
	_, err = receipt.Verify(file, []note.Verifier{verifier})
	require.NoError(t, err)
}

// shared is a relay of a sandbox whose ledger is in the database.
func (d *database) shared(t *testing.T, keys config.Keys, store ...config.StoreURL) *app.Relay {
	t.Helper()
	c, _, err := config.Sandbox(config.SandboxOptions{Data: t.TempDir(), VendorURL: "http://127.0.0.1:1", PublicURL: "http://127.0.0.1:1"})
	require.NoError(t, err)
	c.Store = store[0]
	if len(store) > 1 {
		c.StoreEraser, c.StoreOwner = store[1], store[2]
	}
	r, err := app.New(t.Context(), c, keys, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func TestSeveralRelaysServeFromOneDatabase(t *testing.T) {
	d := newDatabase(t)
	at := func(written string) config.StoreURL { return config.StoreURL{String: d.revealed(t, written)} }
	_, keys, err := config.Sandbox(config.SandboxOptions{Data: t.TempDir(), VendorURL: "http://127.0.0.1:1", PublicURL: "http://127.0.0.1:1"})
	require.NoError(t, err)
	first := d.shared(t, keys, at(d.serving), at(d.eraser), at(d.owner))
	second := d.shared(t, keys, at(d.serving))
	require.NoError(t, first.Ledger.PutNotice(t.Context(), noticeSum, noticeText))
	require.NoError(t, second.Ledger.Ready(t.Context()))
	require.Nil(t, second.Eraser, "its role may not erase, and it has no other")

	state, err := second.Ledger.Give(t.Context(), decision("key-of-a-visitor"))
	require.NoError(t, err)
	known, err := first.Ledger.State(t.Context(), state.ID())
	require.NoError(t, err)
	require.Equal(t, state.At, known.At)
	n, err := first.Eraser.EraseOld(t.Context(), time.Now().Add(time.Hour), app.RetainReason)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.ErrorIs(t, second.Ledger.Standing(t.Context(), state.Committed), consent.ErrErased)
	_, err = first.Ledger.Give(t.Context(), decision("key-of-another-visitor"))
	require.NoError(t, err, "the one that serves and the one that erases follow each other")
}

func TestADatabaseThatIsBehindItsAnchorIsGoneOnFromInWriting(t *testing.T) {
	d := newDatabase(t)
	path := d.configured(t, "store: "+d.owner)
	dir := filepath.Dir(path)
	keys, err := config.LoadKeys(filepath.Join(dir, config.KeysFile))
	require.NoError(t, err)
	begin := func() *consent.Ledger {
		store, err := postgres.Open(t.Context(), d.revealed(t, d.owner))
		require.NoError(t, err)
		l, err := consent.New(store, app.LedgerKeys(keys), time.Now, slog.New(slog.DiscardHandler),
			consent.WithLog(consent.LogOptions{Origin: consent.SandboxOrigin, Anchor: filepath.Join(dir, app.AnchorFile)}))
		require.NoError(t, err)
		return l
	}
	lost := newDatabase(t) // what is in it is not in the other one
	store, err := postgres.Open(t.Context(), lost.revealed(t, lost.owner))
	require.NoError(t, err)
	newer, err := consent.New(store, app.LedgerKeys(keys), time.Now, slog.New(slog.DiscardHandler),
		consent.WithLog(consent.LogOptions{Origin: consent.SandboxOrigin, Anchor: filepath.Join(dir, app.AnchorFile)}))
	require.NoError(t, err)
	_, err = newer.Give(t.Context(), decision("key-of-a-lost-one"))
	require.NoError(t, err)
	require.NoError(t, newer.Close())

	l := begin()
	_, err = l.Give(t.Context(), decision("key-of-the-first"))
	require.ErrorIs(t, err, consent.ErrLog)
	require.ErrorContains(t, l.Ready(t.Context()), "log_rolled_back")
	require.NoError(t, l.Close())
	code, stdout, stderr := d.relayed(t, "log", "fork", "--config", path, "--reason", "the database was lost")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "goes on from its 0 entries")
	l = begin()
	require.NoError(t, l.PutNotice(t.Context(), noticeSum, noticeText))
	_, err = l.Give(t.Context(), decision("key-of-the-first"))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	code, stdout, stderr = d.relayed(t, "log", "verify", "--config", path)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "the database was lost")
}

func TestServeSaysWhatIsWrongWithTheDatabaseAndNotThePassword(t *testing.T) {
	d := newDatabase(t)
	d.env["PASSWORD_RELAY"] = "canary-guessed"
	for want, lines := range map[string][]string{
		"password authentication failed":    {"store: " + d.serving},
		"run `relay store migrate --config": {"store: " + d.eraser},
		"with store_owner, which":           {"store: " + d.owner, "store_owner: " + d.eraser},
		"store is not an address such as":   {"store: ${PASSWORD_OWNER}"},
	} {
		code, stdout, stderr := relayed(t, d.env, "serve", "--config", d.configured(t, lines...), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
		require.Equal(t, 1, code)
		require.Contains(t, stderr, want)
		require.NotContains(t, stdout+stderr, "canary")
	}
}
