package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/secret"
)

// Description is what is known of a database and of a role's rights in it.
type Description struct {
	Name    string // user, hosts and database
	Version string // of the server
	Schema  int64  // of the tables; 0 if there are none
	Newest  int64  // that this program knows
	Owns    bool   // the role owns the database, so it may change tables
	Serves  bool   // the role has the rights that serving needs, if there are tables
	Erases  bool   // the role may erase
	Plain   bool   // the connection is not encrypted, and leaves this machine
	// Settings of the server that may lose commits, its own or the standbys'.
	Fsync, FullPages bool
	Standbys         string // synchronous_standby_names
}

// Describe connects and reads the description. It changes nothing.
func Describe(ctx context.Context, at secret.String) (Description, error) {
	c, err := parse(at)
	if err != nil {
		return Description{}, err
	}
	return describe(ctx, c.ConnConfig)
}

func describe(ctx context.Context, c *pgx.ConnConfig) (a Description, err error) {
	a.Name = fmt.Sprintf("postgres://%s@%s/%s", c.User, hostPort(c.Host, c.Port), c.Database)
	if a.Newest, err = newestSchema(); err != nil {
		return a, err
	}
	conn, err := dial(ctx, c)
	if err != nil {
		return a, err
	}
	defer conn.Close(ctx)
	_, encrypted := conn.PgConn().Conn().(*tls.Conn)
	peer, network := conn.PgConn().Conn().RemoteAddr().(*net.TCPAddr)
	a.Plain = !encrypted && network && !peer.IP.IsLoopback()
	const settings = `SELECT current_setting('server_version'), current_setting('fsync') = 'on', current_setting('full_page_writes') = 'on',
		current_setting('synchronous_standby_names'),
		(SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()),
		to_regclass('goose_db_version') IS NOT NULL`
	var there bool
	err = conn.QueryRow(ctx, settings).Scan(&a.Version, &a.Fsync, &a.FullPages, &a.Standbys, &a.Owns, &there)
	if err != nil {
		return a, unavailable("read the settings", err)
	}
	if !there {
		return a, nil
	}
	err = conn.QueryRow(ctx, `SELECT version_id FROM goose_db_version ORDER BY version_id DESC LIMIT 1`).Scan(&a.Schema)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	if err != nil {
		return a, failed("read the schema's version", err)
	}
	if a.Schema == 0 {
		return a, nil
	}
	const rights = `SELECT has_table_privilege('event', 'INSERT') AND has_table_privilege('head', 'UPDATE'), has_any_column_privilege('event', 'UPDATE')`
	if err := conn.QueryRow(ctx, rights).Scan(&a.Serves, &a.Erases); err != nil {
		return a, failed("read the role's rights", err)
	}
	return a, nil
}
