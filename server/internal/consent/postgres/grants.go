package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// grants says what two roles may do with each table besides reading it: the one
// that serves, and the one that also erases, which has all that the first has.
// Triggers refuse what nobody may do.
var grants = []struct{ table, serving, eraser string }{
	{"event", "INSERT", "UPDATE (bytes, salt)"},
	{"claim", "INSERT", "DELETE"},
	{"place", "INSERT", "DELETE"},
	{"reply", "INSERT, DELETE", ""}, // deleted after a quarter of an hour
	{"notice", "INSERT", ""},
	{"head", "UPDATE", ""},
	{"checkpoint", "INSERT", ""},
	{"log_key", "INSERT", ""},
	{"fingerprint", "INSERT", ""},
	{"fork", "INSERT", ""},
	{"message", "INSERT, UPDATE, DELETE", ""},
	{"hold", "", "INSERT, UPDATE, DELETE"},
	{"otp_claim", "INSERT, DELETE", ""},
	{"probe", "INSERT, UPDATE", ""},
	{"allowance", "INSERT, UPDATE", ""},
	{"allowance_note", "INSERT, DELETE", ""},
	{"allowance_relay", "INSERT, UPDATE, DELETE", ""},
	{"consent_call", "INSERT, DELETE", ""},
	{"goose_db_version", "", ""},
}

// grant gives both roles their rights, and takes from everybody what would let a
// role put other tables in the place of these. A role that is "" or the owner
// itself needs nothing.
func grant(ctx context.Context, conn *pgx.Conn, serving, eraser string) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return unavailable("grant", err)
	}
	defer tx.Rollback(ctx)
	run := func(statement string, args ...any) error {
		if _, err := tx.Exec(ctx, fmt.Sprintf(statement, args...)); err != nil {
			return fmt.Errorf("postgres: grant: %w", err)
		}
		return nil
	}
	var owner, database, schema string
	if err := tx.QueryRow(ctx, `SELECT current_user, current_database(), current_schema()`).Scan(&owner, &database, &schema); err != nil {
		return unavailable("grant", err)
	}
	database, schema = quoted(database), quoted(schema)
	if err := run(`REVOKE TEMPORARY ON DATABASE %s FROM PUBLIC`, database); err != nil {
		return err
	}
	for i, role := range []string{serving, eraser} {
		if role == "" || role == owner || i == 1 && role == serving {
			continue
		}
		role = quoted(role)
		if err := run(`GRANT CONNECT ON DATABASE %s TO %s`, database, role); err != nil {
			return err
		}
		if err := run(`GRANT USAGE ON SCHEMA %s TO %s`, schema, role); err != nil {
			return err
		}
		for _, g := range grants {
			may := "SELECT"
			if g.serving != "" {
				may += ", " + g.serving
			}
			if i == 1 && g.eraser != "" {
				may += ", " + g.eraser
			}
			if err := run(`GRANT %s ON TABLE %s TO %s`, may, g.table, role); err != nil {
				return err
			}
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return unavailable("grant", err)
	}
	return nil
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }
