package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/secret"
)

// errAddress says what an address looks like. What is wrong with one is not
// repeated: it may hold a password.
var errAddress = errors.New("postgres: store is not an address such as postgres://relay@db.internal:5432/ekyc (what is unusual in a password is written as in URLs: %40 for @)")

// parse reads an address with everything that libpq's URIs and pgxpool know.
func parse(at secret.String) (*pgxpool.Config, error) {
	u, err := url.Parse(at.Reveal())
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errAddress
	}
	c, err := pgxpool.ParseConfig(at.Reveal())
	if err != nil {
		return nil, errAddress
	}
	if !u.Query().Has("pool_max_conns") {
		c.MaxConns = readers
	}
	if c.ConnConfig.ConnectTimeout == 0 {
		c.ConnConfig.ConnectTimeout = connectLimit
	}
	c.ConnConfig.DialFunc = dialer(c.ConnConfig.ConnectTimeout)
	// Neither a replica nor what was the primary before a failover will do.
	if !u.Query().Has("target_session_attrs") {
		c.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if _, said := c.ConnConfig.RuntimeParams["application_name"]; !said {
		c.ConnConfig.RuntimeParams["application_name"] = "ekyc-connect"
	}
	return c, nil
}

// User is the role that an address names, "" if it names none.
func User(at secret.String) string {
	if c, err := parse(at); err == nil {
		return c.ConnConfig.User
	}
	return ""
}

// Name is what may be said of an address: user, host and database, nothing secret.
func Name(at secret.String) string {
	c, err := parse(at)
	if err != nil {
		return "postgres"
	}
	hosts := []string{hostPort(c.ConnConfig.Host, c.ConnConfig.Port)}
	for _, f := range c.ConnConfig.Fallbacks { // other hosts, and the same without TLS
		if h := hostPort(f.Host, f.Port); h != hosts[len(hosts)-1] {
			hosts = append(hosts, h)
		}
	}
	return fmt.Sprintf("postgres://%s@%s/%s", c.ConnConfig.User, strings.Join(hosts, ","), c.ConnConfig.Database)
}

func hostPort(host string, port uint16) string {
	if strings.HasPrefix(host, "/") {
		return host
	}
	return net.JoinHostPort(host, fmt.Sprint(port))
}

// dial makes one connection, on which a commit returns once it is on the disk, and on
// the synchronous standbys that the server waits for.
func dial(ctx context.Context, c *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, unavailable("connect", remedied(err))
	}
	if err := configure(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// Refused reports whether a server was reached that refuses this role, or has no such
// database: trying again does not help.
func Refused(err error) bool {
	switch code(err) {
	case "42501", "28P01", "28000", "3D000":
		return true
	}
	return false
}

// remedied adds what to do about a server that refuses a connection.
func remedied(err error) error {
	remedy := ""
	switch code(err) {
	case "42501":
		remedy = "run `relay store migrate --config FILE` with store_owner, which gives the roles of the configuration their rights"
	case "28P01", "28000":
		remedy = "look at role, password and pg_hba.conf"
	case "3D000":
		remedy = "make the database first (server/docs/deploy.md)"
	case "53300":
		remedy = "raise max_connections there, or lower pool_max_conns in the address"
	default:
		return err
	}
	return fmt.Errorf("%w; %s", err, remedy)
}

// configure overrides a default of role or database that would lose commits. It has
// each statement planned for the tables as they are: a cached plan, made while the
// tables were small, would scan them when they have grown. It turns JIT compilation
// off, which takes longer than any statement here and which the planner chooses for
// lack of statistics on new tables (measured: 4 ms instead of 0.3).
func configure(ctx context.Context, conn *pgx.Conn) error {
	var mode string
	const all = `SELECT current_setting('synchronous_commit'), (SELECT count(set_config(name, value, false))
		FROM pg_settings JOIN (VALUES ('plan_cache_mode', 'force_custom_plan'), ('jit', 'off')) AS wanted (name, value) USING (name))`
	var settings int // that this server has
	if err := conn.QueryRow(ctx, all).Scan(&mode, &settings); err != nil {
		return unavailable("connect", err)
	}
	if mode != "off" && mode != "local" {
		return nil
	}
	if _, err := conn.Exec(ctx, "SET synchronous_commit = on"); err != nil {
		return unavailable("connect", err)
	}
	return nil
}

// openPool makes the pool that reads; connections are made when they are needed.
func openPool(ctx context.Context, c *pgxpool.Config) (*pgxpool.Pool, error) {
	c = c.Copy()
	c.MaxConnIdleTime = 5 * time.Minute
	c.AfterConnect = configure // Transact writes with these connections
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, unavailable("open", err)
	}
	return pool, nil
}

var errClosed = fmt.Errorf("postgres: store is closed: %w", consent.ErrUnavailable)
