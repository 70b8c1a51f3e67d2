package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared is the server that the tests of this process share. Nobody removes it:
// it ends with the process.
var shared = sync.OnceValues(func() (*Server, error) { return Start(Options{}) })

// Shared is the server of [Database].
func Shared(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Database makes an empty database for one test and returns how its owner, the
// superuser, reaches it. Roles are the whole server's: a test that makes some
// gives them names of its own.
func Database(t testing.TB) (dsn string) {
	t.Helper()
	s := Shared(t)
	name := fmt.Sprintf("test_%s", strings.ToLower(rand.Text()))
	if err := s.Exec(t.Context(), "postgres", "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Exec(context.Background(), "postgres", "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return s.DSN(name)
}
