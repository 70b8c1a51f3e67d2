package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/pgtest"
	"ekycconnect/server/internal/secret"
)

// A server that has no room for a consent may have some for a smaller write.
func TestReadinessMeansThatAConsentCanBeRecorded(t *testing.T) {
	dsn := pgtest.Database(t)
	store, err := Open(t.Context(), secret.New(dsn))
	require.NoError(t, err)
	l := storetest.NewLedger(t, store, storetest.NewClock())
	_, err = l.Give(t.Context(), noticed(t, l, "key-before-the-trouble"))
	require.NoError(t, err)
	conn := connected(t, dsn)
	for _, statement := range []string{
		`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF length(NEW.room) > 80000 THEN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END IF;
			RETURN NEW; END $$`,
		`CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON probe FOR EACH ROW EXECUTE FUNCTION full_disk()`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	store.proven = time.Now().Add(time.Hour)
	require.NoError(t, l.Ready(t.Context()), "a commit has just shown it")
	store.proven = time.Time{} // as a second later
	for range 3 {
		require.ErrorIs(t, l.Ready(t.Context()), consent.ErrUnavailable)
	}
	_, err = conn.Exec(t.Context(), `DROP TRIGGER full_disk ON probe`)
	require.NoError(t, err)
	require.NoError(t, l.Ready(t.Context()))
	require.WithinDuration(t, time.Now(), store.proven, time.Minute)
	verified(t, dsn)
}
