package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// Standby makes a second server that follows this one, and has this one wait with
// each commit until the second has it on disk. Remove must follow.
func (s *Server) Standby() (*Server, error) {
	second, err := newServer(Options{Durable: !s.fast})
	if err != nil {
		return nil, err
	}
	second.password = s.password
	if err := errors.Join(second.copyOf(s), second.Start(), s.awaitCopy(second.name())); err != nil {
		second.Remove()
		return nil, err
	}
	return second, nil
}

// name is what the server calls itself as a standby.
func (s *Server) name() string { return "standby" + strconv.Itoa(s.port) }

func (s *Server) copyOf(first *Server) error {
	pass := filepath.Join(s.dir, "pgpass")
	line := fmt.Sprintf("127.0.0.1:%d:*:postgres:%s\n", first.port, first.password)
	if err := errors.Join(os.WriteFile(pass, []byte(line), 0o600), s.hand(pass)); err != nil {
		return err
	}
	from := fmt.Sprintf("host=127.0.0.1 port=%d user=postgres application_name=%s", first.port, s.name())
	err := s.run("pg_basebackup", "-d", from, "-D", s.data(), "-R", "-X", "stream", "-c", "fast", "--no-sync", "-w")
	if err != nil {
		return err
	}
	// What the first was told of a standby of its own is not for this one.
	settings, err := os.OpenFile(filepath.Join(s.data(), "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = settings.WriteString("synchronous_standby_names = ''\n")
	return errors.Join(err, settings.Close())
}

// awaitCopy makes the standby of this name synchronous, and waits until it is.
func (s *Server) awaitCopy(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	if _, err := c.Exec(ctx, "ALTER SYSTEM SET synchronous_standby_names = "+name); err != nil {
		return err
	}
	if _, err := c.Exec(ctx, "SELECT pg_reload_conf()"); err != nil {
		return err
	}
	for {
		var there bool
		err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE application_name = $1 AND sync_state = 'sync')", name).Scan(&there)
		if err != nil || there {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Promote makes a standby a server of its own, which takes writes when Promote
// returns. The one that it followed must be stopped, and never be started again.
func (s *Server) Promote() error {
	return s.run("pg_ctl", "promote", "-D", s.data(), "-w", "-t", strconv.Itoa(int(patience.Seconds())))
}
