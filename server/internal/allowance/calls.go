package allowance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ekycconnect/server/internal/consent"
)

// Calls counts the vendor calls of each consent over all relays, before they are
// made: the ledger knows them only afterwards.
type Calls struct{ db Database }

// NewCalls counts in a database.
func NewCalls(db Database) *Calls { return &Calls{db} }

// Take asks for one more call of a consent, of which it may have most. The first
// one, right after the consent was given, is not asked for.
func (c *Calls) Take(ctx context.Context, consentID string, most int) (ok bool, err error) {
	id, err := uuid.Parse(consentID)
	if err != nil {
		return false, fmt.Errorf("allowance: consent: %w", err)
	}
	for range most + 1 { // each time that another relay was quicker, there is one less
		err = c.db.Transact(ctx, nil, func(tx *pgx.Conn) (*pgx.Batch, error) {
			done, err := tx.Exec(ctx, `INSERT INTO consent_call (consent, n, at)
				SELECT $1, coalesce(max(n), 1) + 1, $3 FROM consent_call WHERE consent = $1 HAVING coalesce(max(n), 1) < $2`,
				[16]byte(id), most, time.Now().UnixMicro())
			ok = err == nil && done.RowsAffected() == 1
			return nil, err
		})
		var taken *pgconn.PgError
		if !errors.As(err, &taken) || taken.Code != "23505" {
			break
		}
	}
	if err != nil {
		return false, fmt.Errorf("allowance: take a call: %w: %w", consent.ErrUnavailable, err)
	}
	return ok, nil
}
