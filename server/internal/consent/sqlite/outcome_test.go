package sqlite

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"ekycconnect/server/internal/consent"
)

// failure is an error as SQLite gives it.
type failure int

func (f failure) Error() string { return fmt.Sprint("result code ", int(f)) }
func (f failure) Code() int     { return int(f) }

var _ interface{ Code() int } = (*sqlite.Error)(nil)

func TestOnlyWhatIsSurelyNotWrittenMayBeTriedAgain(t *testing.T) {
	for _, c := range []struct {
		code           int
		before, commit error // what the error before, and of, the commit must be; nil: neither
	}{
		{lib.SQLITE_BUSY, consent.ErrUnavailable, consent.ErrUnavailable},
		{lib.SQLITE_BUSY_SNAPSHOT, consent.ErrUnavailable, consent.ErrUnavailable},
		{lib.SQLITE_FULL, consent.ErrUnavailable, consent.ErrUnavailable},
		{lib.SQLITE_READONLY, consent.ErrUnavailable, consent.ErrUnavailable},
		{lib.SQLITE_CANTOPEN, consent.ErrUnavailable, consent.ErrUnknownOutcome},
		{lib.SQLITE_IOERR_READ, consent.ErrUnavailable, consent.ErrUnknownOutcome},
		{lib.SQLITE_IOERR_WRITE, consent.ErrUnavailable, consent.ErrUnknownOutcome},
		{lib.SQLITE_NOMEM, consent.ErrUnavailable, consent.ErrUnknownOutcome},
		{lib.SQLITE_IOERR_FSYNC, consent.ErrUnknownOutcome, consent.ErrUnknownOutcome},
		{lib.SQLITE_IOERR_DIR_FSYNC, consent.ErrUnknownOutcome, consent.ErrUnknownOutcome},
		{lib.SQLITE_CONSTRAINT_PRIMARYKEY, nil, nil},
		{0, consent.ErrUnavailable, consent.ErrUnknownOutcome}, // not from SQLite: a lost connection, say
	} {
		err := error(failure(c.code))
		if c.code == 0 {
			err = errors.New("bad connection")
		}
		for _, judged := range []struct{ got, want error }{
			{failed("append", err), c.before}, {commitFailed(err), c.commit},
		} {
			require.ErrorIs(t, judged.got, err)
			require.Equal(t, judged.want == consent.ErrUnavailable, errors.Is(judged.got, consent.ErrUnavailable), judged.got)
			require.Equal(t, judged.want == consent.ErrUnknownOutcome, errors.Is(judged.got, consent.ErrUnknownOutcome), judged.got)
		}
	}
}
