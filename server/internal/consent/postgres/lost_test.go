package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

var (
	noticeText = []byte(`["section","सूचना"]`)
	noticeSum  = hexSum(noticeText)
)

func hexSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

const (
	patience = time.Minute
	tick     = 20 * time.Millisecond
)

// commitSent is in the message that has the server run the prepared commit: the name
// that pgx gives the statement.
var commitSent = func() []byte {
	digest := sha256.Sum256([]byte("COMMIT"))
	return append([]byte("stmtcache_"), hex.EncodeToString(digest[:24])...)
}()

// cutter is a network between a relay and its database that breaks when a commit
// passes.
type cutter struct {
	net.Listener
	to string

	mu    sync.Mutex
	cut   string // "before" or "after" the server has it
	times int    // how often it still does
	then  func() // if it is not nil, done before the relay hears of a commit that the server does not have
	gone  bool   // once it has cut, nothing passes any more
}

func newCutter(t *testing.T, dsn string) (*cutter, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	c := &cutter{to: u.Host}
	c.Listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	go c.accept()
	u.Host = c.Addr().String()
	return c, u.String()
}

func (c *cutter) arm(how string, times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut, c.times = how, times
}

func (c *cutter) strikes() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.times == 0 {
		return ""
	}
	c.times--
	return c.cut
}

func (c *cutter) isGone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone && c.times == 0
}

func (c *cutter) accept() {
	for {
		client, err := c.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", c.to)
		if err != nil || c.isGone() {
			_ = client.Close()
			continue
		}
		go c.pass(client, server)
	}
}

func (c *cutter) pass(client, server net.Conn) {
	defer server.Close()
	defer client.Close()
	answered := make(chan struct{}) // closed when an answer finds nobody, or there will be none
	go func() {
		defer close(answered)
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	buffer := make([]byte, 1<<20)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		how := ""
		if bytes.Contains(buffer[:n], commitSent) && !bytes.Contains(buffer[:n], []byte("COMMIT")) { // run, not prepared
			how = c.strikes()
		}
		switch how {
		case "before":
			_ = server.Close()
			if c.then != nil {
				c.then()
			}
			return
		case "after":
			_ = client.Close()
			_, _ = server.Write(buffer[:n])
			<-answered
			return
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func TestACommitWhoseAnswerIsLostIsReadBack(t *testing.T) {
	for _, how := range []string{"before", "after"} {
		for _, times := range []int{1, 3} {
			t.Run(fmt.Sprintf("the network breaks %s the commit, %d times", how, times), func(t *testing.T) {
				dsn := pgtest.Database(t)
				network, through := newCutter(t, dsn)
				l, other := relay(t, through, storetest.NewClock()), relay(t, dsn, storetest.NewClock())
				d := noticed(t, l, "key-before")
				_, err := l.Give(t.Context(), d)
				require.NoError(t, err)
				for i := range 4 {
					network.arm(how, times)
					d.IdempotencyKey = fmt.Sprintf("key-of-a-lost-answer-%d", i)
					state, err := l.Give(t.Context(), d)
					require.NoError(t, err)
					known, err := other.State(t.Context(), state.ID())
					require.NoError(t, err, "what was acknowledged is there")
					require.Equal(t, state.At, known.At)
					network.arm(how, times)
					calls, err := l.Used(t.Context(), state.Committed, []consent.Call{{Endpoint: "connect", Result: "ok", At: storetest.Start}})
					require.NoError(t, err)
					require.Equal(t, 1, calls)
					d.IdempotencyKey = fmt.Sprintf("key-in-between-%d", i)
					_, err = other.Give(t.Context(), d)
					require.NoError(t, err)
				}
				require.EqualValues(t, 13, verified(t, dsn).Size, "nothing is there twice")
			})
		}
	}
}

func TestAnEventOfAnotherRelaysAtTheIndexIsNotTakenForTheLostOne(t *testing.T) {
	dsn := pgtest.Database(t)
	network, through := newCutter(t, dsn)
	l, other := relay(t, through, storetest.NewClock()), relay(t, dsn, storetest.NewClock())
	d := noticed(t, l, "key-of-the-lost-commit")
	network.then = func() {
		d := d
		d.IdempotencyKey = "key-of-another-relay"
		if _, err := other.Give(t.Context(), d); err != nil {
			t.Error(err)
		}
	}
	network.arm("before", 1)
	state, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	record, err := other.Record(t.Context(), state.ID())
	require.NoError(t, err, "what was acknowledged is there")
	require.EqualValues(t, 1, record.Events[0].Index)
	require.EqualValues(t, 2, verified(t, dsn).Size)
}

func TestAConnectionThatBreaksBeforeTheCommitIsMadeAnew(t *testing.T) {
	dsn := pgtest.Database(t)
	l := relay(t, dsn, storetest.NewClock())
	d := noticed(t, l, "key-before")
	for i := range 3 {
		require.NoError(t, pgtest.Shared(t).Exec(t.Context(), "postgres",
			"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = (SELECT datname FROM pg_database WHERE datname = $1)", databaseOf(t, dsn)))
		d.IdempotencyKey = fmt.Sprintf("key-after-a-break-%d", i)
		state, err := l.Give(t.Context(), d)
		require.NoError(t, err)
		_, err = l.State(t.Context(), state.ID())
		require.NoError(t, err)
	}
	require.NoError(t, l.Ready(t.Context()))
}

func databaseOf(t *testing.T, dsn string) string {
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	return u.Path[1:]
}

// A commit that is broken off while it waits for the replica is there for
// everybody to see, and may be lost with the machine: nobody is told that it is
// safe before the replica has it.
func TestACommitThatTheReplicaMayLackIsNotAcknowledged(t *testing.T) {
	first, err := pgtest.Start(pgtest.Options{})
	require.NoError(t, err)
	t.Cleanup(first.Remove)
	l := relay(t, first.DSN("postgres"), storetest.NewClock())
	d := noticed(t, l, "key-before")
	_, err = l.Give(t.Context(), d)
	require.NoError(t, err)

	// A replica that never answers.
	require.NoError(t, first.Exec(t.Context(), "postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"))
	require.NoError(t, first.Exec(t.Context(), "postgres", "SELECT pg_reload_conf()"))
	const anybody = ` FROM pg_stat_activity WHERE wait_event = 'SyncRep'`
	require.Eventually(t, func() bool { // until every commit waits for it
		ctx, cancel := context.WithCancel(t.Context())
		written := make(chan error, 1)
		go func() {
			written <- first.Exec(ctx, "postgres", "INSERT INTO probe VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET at = 2")
		}()
		waits := false
		for !waits && len(written) == 0 {
			waits = first.Exec(t.Context(), "postgres", "SELECT 1 / count(*)"+anybody) == nil
		}
		cancel()
		<-written
		return waits
	}, patience, tick)
	given := make(chan error, 1)
	go func() {
		d := d
		d.IdempotencyKey = "key-of-one-that-waits"
		_, err := l.Give(t.Context(), d)
		given <- err
	}()
	const waiting = anybody + ` AND application_name = 'ekyc-connect'`
	require.Eventually(t, func() bool { // somebody breaks the wait off
		return first.Exec(t.Context(), "postgres", "SELECT 1 / count(pg_cancel_backend(pid))"+waiting) == nil
	}, patience, tick)
	select {
	case err := <-given:
		require.Fail(t, "acknowledged", "%v", err)
	default:
	}
	require.Eventually(t, func() bool { // the read-back waits for the replica in turn
		return first.Exec(t.Context(), "postgres", "SELECT 1 / count(*)"+waiting) == nil
	}, patience, tick)
	require.Empty(t, given)
	require.NoError(t, first.Exec(t.Context(), "postgres", "ALTER SYSTEM RESET synchronous_standby_names"))
	require.NoError(t, first.Exec(t.Context(), "postgres", "SELECT pg_reload_conf()"))
	require.NoError(t, <-given)
	require.EqualValues(t, 2, verified(t, first.DSN("postgres")).Size)
}

// A server that is away is asked again with each decision.
func TestADatabaseThatWasAwayIsWrittenToAgain(t *testing.T) {
	server, err := pgtest.Start(pgtest.Options{})
	require.NoError(t, err)
	t.Cleanup(server.Remove)
	l := relay(t, server.DSN("postgres"), storetest.NewClock())
	d := noticed(t, l, "key-of-the-one-before")
	_, err = l.Give(t.Context(), d)
	require.NoError(t, err)
	require.NoError(t, server.Kill())
	for i := range 3 {
		d.IdempotencyKey = fmt.Sprintf("key-of-the-one-in-vain-%d", i)
		_, err = l.Give(t.Context(), d)
		require.ErrorIs(t, err, consent.ErrUnavailable)
	}
	require.NoError(t, server.Start())
	d.IdempotencyKey = "key-of-the-one-after"
	_, err = l.Give(t.Context(), d)
	require.NoError(t, err)
}

func TestACommitThatCannotBeReadBackEndsTheProcess(t *testing.T) {
	dsn := pgtest.Database(t)
	network, through := newCutter(t, dsn)
	store, err := Open(t.Context(), secret.New(through))
	require.NoError(t, err)
	store.patience = time.Second
	ended := make(chan error, 1)
	l, err := consent.New(store, storetest.Keys, time.Now, slog.New(slog.DiscardHandler), consent.WithFatal(func(err error) { ended <- err }))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	d := noticed(t, l, "key-before")
	_, err = l.Give(t.Context(), d)
	require.NoError(t, err)
	network.gone = true
	network.arm("after", 1)
	d.IdempotencyKey = "key-of-a-lost-answer"
	_, err = l.Give(t.Context(), d)
	require.ErrorIs(t, err, consent.ErrUnknownOutcome)
	require.NotErrorIs(t, err, consent.ErrUnavailable, "nobody may be told that nothing was written")
	require.ErrorIs(t, <-ended, consent.ErrUnknownOutcome)
	require.ErrorIs(t, l.Ready(t.Context()), consent.ErrUnavailable)
}
