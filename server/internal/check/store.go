package check

import (
	"context"
	"fmt"
	"io"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent/postgres"
	"ekycconnect/server/internal/report"
)

// Store looks at the database that the configuration names: whether each role
// reaches it and may do what it is for, and whether it keeps what is committed.
func Store(ctx context.Context, c *config.Config, out io.Writer) (problems []error, warnings []string) {
	if c.Store.IsZero() {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	look := func(setting string, at config.StoreURL) (postgres.Description, bool) {
		about, err := postgres.Describe(ctx, at.String)
		if err != nil {
			problems = append(problems, c.Problem(setting, "the database cannot be used: %v; else look at address and firewall", err))
		}
		return about, err == nil
	}
	serving, ok := look("store", c.Store)
	if !ok {
		return problems, nil
	}
	report.Line(out, "store", fmt.Sprintf("%s, PostgreSQL %s, schema %d of %d", serving.Name, serving.Version, serving.Schema, serving.Newest))
	migrates := serving.Owns
	if !c.StoreOwner.IsZero() {
		owner, ok := look("store_owner", c.StoreOwner)
		if migrates = ok && owner.Owns; ok && !owner.Owns {
			problems = append(problems, c.Problem("store_owner", "this role does not own the database: as a superuser, ALTER DATABASE … OWNER TO %s", postgres.User(c.StoreOwner.String)))
		}
	}
	switch {
	case serving.Schema > serving.Newest:
		problems = append(problems, c.Problem("store", "a newer relay has changed the tables: run that version, or a later one"))
	case serving.Schema < serving.Newest && !migrates:
		problems = append(problems, c.Problem("store", "the tables are not those of this version: run `relay store migrate` with store_owner, or let the relay do so by naming it here"))
	case serving.Schema > 0 && !serving.Serves && !migrates:
		problems = append(problems, c.Problem("store", "this role may not record: run `relay store migrate` with store_owner, which gives it its rights"))
	}
	if !c.StoreEraser.IsZero() {
		if eraser, ok := look("store_eraser", c.StoreEraser); ok && eraser.Schema > 0 && !eraser.Erases && !migrates {
			problems = append(problems, c.Problem("store_eraser", "this role may not erase: run `relay store migrate` with store_owner, which gives it its rights"))
		}
	} else if serving.Schema > 0 && !serving.Erases {
		warnings = append(warnings, "store: this role may not erase, and there is no store_eraser: run `relay consents erase --expired` once a day")
	}
	return problems, append(warnings, durability(serving)...)
}

// durability says what a server would lose of what it has committed, and who could
// listen.
func durability(a postgres.Description) (warnings []string) {
	if !a.Fsync || !a.FullPages {
		warnings = append(warnings, "store: the server has fsync or full_page_writes off: a power cut loses consents, or the whole database")
	}
	if a.Standbys == "" {
		warnings = append(warnings, "store: a commit is on one machine only (synchronous_standby_names is empty): if its disk is lost, so are the newest consents (docs/deploy.md)")
	}
	if a.Plain {
		warnings = append(warnings, "store: the connection is not encrypted: add sslmode=verify-full to the address")
	}
	return warnings
}
