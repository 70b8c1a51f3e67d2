package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"ekycconnect/server/internal/freeport"
)

// Server is one PostgreSQL server. Its methods are for one goroutine.
type Server struct {
	programs string
	owner    *syscall.Credential
	dir      string // holds data, log, socket and password; the owner's alone
	port     int
	password string
	fast     bool

	running *running // nil while it does not run
	guard   *os.File // closing it ends the server and removes dir
	gone    chan struct{}
}

// running is one run of a server.
type running struct {
	process *os.Process
	ended   chan struct{}
	err     error // of its end
}

// Options of a [Server].
type Options struct {
	// Durable has it sync its files, as in production. Without, it is faster, and
	// loses nothing by being killed, only by a power cut.
	Durable bool
}

// patience is how long a server may take to start, stop or be promoted.
const patience = time.Minute

// Start makes a server and runs it. Remove must follow; if the process dies
// before, the server ends and its files go all the same.
func Start(o Options) (*Server, error) {
	s, err := newServer(o)
	if err != nil {
		return nil, err
	}
	s.password = rand.Text()
	if err := errors.Join(s.init(), s.Start()); err != nil {
		s.Remove()
		return nil, err
	}
	return s, nil
}

// newServer has everything but data.
func newServer(o Options) (s *Server, err error) {
	s = &Server{fast: !o.Durable}
	if s.programs, err = programs(); err != nil {
		return nil, err
	}
	if s.owner, err = owner(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "pgtest-"); err != nil {
		return nil, err
	}
	if err := s.hand(s.dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if s.port, err = freeport.Take(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if err := s.watch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// init makes the data directory of a server that is nobody's standby.
func (s *Server) init() error {
	file := filepath.Join(s.dir, "password")
	if err := errors.Join(os.WriteFile(file, []byte(s.password), 0o600), s.hand(file)); err != nil {
		return err
	}
	return s.run("initdb", "-D", s.data(), "-U", "postgres", "--auth=scram-sha-256", "--pwfile="+file, "-E", "UTF8", "--locale=C", "--no-sync")
}

// watch starts a shell that waits for the end of its input, which is the end of
// this process at the latest, and then cleans up.
func (s *Server) watch() error {
	input, guard, err := os.Pipe()
	if err != nil {
		return err
	}
	defer input.Close()
	cmd := exec.Command("/bin/sh", "-c", `cat >/dev/null; "$1/pg_ctl" -D "$2/data" -m immediate -w stop; rm -rf "$2"`, "pgtest", s.programs, s.dir)
	cmd.Dir, cmd.Stdin = "/", input
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, guard.Close())
	}
	s.guard, s.gone = guard, make(chan struct{})
	go func() {
		_ = cmd.Wait() // of pg_ctl nothing is left to be said
		close(s.gone)
	}()
	return nil
}

// Remove ends the server and removes its files.
func (s *Server) Remove() {
	_ = s.guard.Close()
	<-s.gone
	s.running = nil
}

// Start runs a server that was stopped or killed, at the address that it had.
func (s *Server) Start() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + s.dir,
		"-c", "max_connections=200", "-c", "log_min_messages=warning"}
	if s.fast {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	cmd := s.command("postgres", args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	r := &running{process: cmd.Process, ended: make(chan struct{})}
	go func() { r.err = cmd.Wait(); close(r.ended) }()
	s.running = r
	if err := s.await(); err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("pgtest: PostgreSQL does not start: %w: %s", err, text)
	}
	return nil
}

// await waits until the server takes connections.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, s.DSN("postgres"))
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-s.running.ended:
			return s.running.err
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the server as a restart does: what runs is broken off, what was
// committed is on disk.
func (s *Server) Stop() error { return s.end(syscall.SIGINT) }

// Kill ends the server and all its processes at once, as a power cut of its machine does.
func (s *Server) Kill() error { return s.end(syscall.SIGQUIT) }

func (s *Server) end(by syscall.Signal) error {
	r := s.running
	if r == nil {
		return errors.New("pgtest: the server does not run")
	}
	s.running = nil
	if err := r.process.Signal(by); err != nil {
		return err
	}
	<-r.ended
	if by == syscall.SIGINT {
		return r.err
	}
	return nil // its status says that it was killed
}

// Address is the server's host and port.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Password is the one of the superuser postgres.
func (s *Server) Password() string { return s.password }

// DSN is how the superuser reaches a database. The password is one of this
// server's, which nobody else reaches.
func (s *Server) DSN(database string) string {
	return fmt.Sprintf("postgres://postgres:%s@%s/%s?sslmode=disable", s.password, s.Address(), database)
}

// Exec runs a statement as the superuser.
func (s *Server) Exec(ctx context.Context, database, statement string, args ...any) error {
	c, err := pgx.Connect(ctx, s.DSN(database))
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, statement, args...)
	return errors.Join(err, c.Close(ctx))
}
