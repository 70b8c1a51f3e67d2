package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"ekycconnect/server/internal/secret"
)

// StoreURL is the address of a PostgreSQL database with the role that connects to
// it, as libpq's URIs have it; empty: there is none. It counts as a secret, since
// it may hold a password.
type StoreURL struct{ secret.String }

const wantsStore = "needs an address such as postgres://relay@db.internal:5432/ekyc; without it the ledger is a file in data"

// set takes an address from the file. A password may come from the environment, or
// from a file that passfile names, and never stands in the configuration.
func (s *StoreURL) set(written, value string) (problem string) {
	if written == "" {
		return ""
	}
	// What the references stand for must not be looked for in the file: a number is
	// good in any place of an address.
	const stand = "54321"
	shape, err := url.Parse(reference.ReplaceAllString(written, stand))
	if err == nil {
		password, _ := shape.User.Password()
		for _, found := range []string{password, shape.Query().Get("password")} {
			if found != "" && !strings.Contains(found, stand) {
				return "a password must not stand in this file; write ${NAME} in its place and set NAME in the environment, or name a file by ?passfile=/run/secrets/pgpass"
			}
		}
	}
	if !strings.HasPrefix(written, "${") {
		if u, err := url.Parse(value); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
			if err != nil && written != value {
				return wantsStore + ". What is unusual in a password is written as in URLs: %40 for @, %2F for /"
			}
			return wantsStore
		}
	}
	s.String = secret.New(value)
	return ""
}

// ParseStore reads an address from a command line, where a password may stand.
func ParseStore(written string, env func(string) (string, bool)) (StoreURL, error) {
	value, missing := expand(written, env)
	if missing != "" {
		return StoreURL{}, fmt.Errorf("the environment variable %s is not set", missing)
	}
	if u, err := url.Parse(value); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return StoreURL{}, errors.New("needs an address such as postgres://owner@db.internal:5432/ekyc")
	}
	return StoreURL{secret.New(value)}, nil
}

func (r *reader) checkStore(c *Config) {
	if !c.Store.IsZero() {
		return
	}
	for name, other := range map[string]StoreURL{"store_owner": c.StoreOwner, "store_eraser": c.StoreEraser} {
		if !other.IsZero() {
			r.report(name, "does nothing without store")
		}
	}
}
