package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrMissing says that there is no PostgreSQL on this machine.
var ErrMissing = errors.New("pgtest: no PostgreSQL server, neither below /usr/lib/postgresql nor initdb in PATH: run `make test`, which installs it, or install your system's postgresql package")

// programs finds the directory with initdb, postgres and pg_basebackup: of the
// newest release where Debian keeps them, else in PATH.
func programs() (dir string, err error) {
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	newest := -1
	for _, path := range all {
		dir0 := filepath.Dir(path)
		if n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir0))); err == nil && n > newest {
			newest, dir = n, dir0
		}
	}
	if newest >= 0 {
		return dir, nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", ErrMissing
	}
	return filepath.Dir(path), nil
}

// owner is who runs the servers: PostgreSQL refuses to be run by root. Nil is the
// user of the tests.
func owner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("pgtest: no unprivileged user to run PostgreSQL: %w", err)
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// command is one of PostgreSQL's programs, run as the owner in a process group of
// its own, so that Ctrl-C ends the tests first.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.programs, name), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + s.dir, "PGPASSFILE=" + filepath.Join(s.dir, "pgpass")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Setpgid: true}
	return cmd
}

func (s *Server) run(name string, args ...string) error {
	out, err := s.command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pgtest: %s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// hand gives a file of the tests to the owner.
func (s *Server) hand(path string) error {
	if s.owner == nil {
		return nil
	}
	return os.Chown(path, int(s.owner.Uid), int(s.owner.Gid))
}
