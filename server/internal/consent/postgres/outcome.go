package postgres

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"ekycconnect/server/internal/consent"
)

// code is the server's SQLSTATE, or "" if the error is not the server's
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func code(err error) string {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Code
	}
	return ""
}

// unavailable says that nothing was written and a later try may succeed.
func unavailable(what string, err error) error {
	return fmt.Errorf("postgres: %s: %w: %w", what, consent.ErrUnavailable, err)
}

// failed judges an error after which nothing was written.
func failed(what string, err error) error {
	switch state := code(err); {
	case state == "42501":
		return fmt.Errorf("postgres: %s: this role may not do that; `relay store migrate` gives the roles of the configuration their rights: %w", what, err)
	case len(state) == 5 && (state[:2] == "22" || state[:2] == "23" || state[:2] == "42"):
		return fmt.Errorf("postgres: %s: %w", what, err) // ours to mend; trying again does not help
	}
	return unavailable(what, err)
}

// again reports whether a transaction that ended with err before its commit may
// succeed at once when it is begun anew: another was in its way, or its connection
// was cut off or led to a server that no longer is the primary.
func again(err error) bool {
	switch state := code(err); state {
	case "40001", "40P01", // serialisation, deadlock
		"25P03", "25006", // idle for too long; read-only
		"57P01", "57P02", "57P05": // the server, or this connection, is being shut down
		return true
	case "":
		return errors.Is(err, errBroken)
	default:
		return state[:2] == "08"
	}
}

// errBroken marks errors that are the connection's, not the server's.
var errBroken = errors.New("the connection broke")

// broken marks err if it is a connection's that was made, and not the server's.
func broken(err error) error {
	var connect *pgconn.ConnectError
	if err == nil || code(err) != "" || errors.As(err, &connect) {
		return err
	}
	return fmt.Errorf("%w: %w", errBroken, err)
}

// surely reports whether a commit that ended with err was surely not carried out:
// the server said so, in a way that ends the transaction and not the connection,
// or it was never sent.
func surely(err error) bool {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.SeverityUnlocalized == "ERROR" && said.Code[:2] != "57" && said.Code[:2] != "08"
	}
	return pgconn.SafeToRetry(err)
}
