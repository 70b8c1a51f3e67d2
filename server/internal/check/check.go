// Package check looks at a configuration, its keys file and its notices without serving
// anything: problems, which keep a relay from starting, and warnings.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/report"
)

// Options is what a check depends on.
type Options struct {
	Config  string // file
	Data    string // directory of the ledger in place of the configuration's
	Offline bool   // asks neither the vendor's address nor the DNS nor a database
	Env     func(string) (string, bool)
}

// Run writes its report to out; its error says only how it ended.
func Run(ctx context.Context, o Options, out io.Writer) error {
	var unset []string
	c, err := config.Load(o.Config, standIn(o.Env, &unset))
	if problems := config.Problems(err); len(problems) > 0 {
		section(out, "Problems", texts(problems))
		return fmt.Errorf("%s in %s: mend what is listed and check again", report.Count(len(problems), "problem"), o.Config)
	}
	if err != nil {
		return err
	}
	if o.Data != "" {
		c.UseData(o.Data)
	}
	describe(out, c)
	f := findings{warnings: append(append(unset, warnings(c)...), originTypos(c)...)}
	if warning := diskWarning(c.Data); warning != "" && c.Store.IsZero() {
		f.warnings = append(f.warnings, warning)
	}
	f.add(credentialNotes(c))
	if !o.Offline {
		f.add(Store(ctx, c, out))
		f.add(nil, newReach().warnings(ctx, c))
	}
	report.Line(out, "credentials", "looked at only: the vendor takes no call without a consent; the first visitor tries them, see /readyz")
	f.add(checkKeys(c, out))
	f.add(checkNotices(c, out))
	if err := describeLanguages(out, c); err != nil {
		return err
	}
	section(out, "Warnings", f.warnings)
	section(out, "Problems", f.problems)
	if len(f.problems) > 0 {
		return fmt.Errorf("%s with %s: mend what is listed and check again", report.Count(len(f.problems), "problem"), o.Config)
	}
	fmt.Fprintf(out, "\n%s: no problem, %s\n", filepath.Base(o.Config), report.Count(len(f.warnings), "warning"))
	return nil
}

// findings is what was found so far.
type findings struct{ problems, warnings []string }

func (f *findings) add(problems, warnings []string) {
	f.problems, f.warnings = append(f.problems, problems...), append(f.warnings, warnings...)
}

// checkKeys loads the keys file.
func checkKeys(c *config.Config, out io.Writer) (problems, warnings []string) {
	keys, err := config.LoadKeys(c.Keys)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, []string{"there is no keys file yet, and the relay does not start without one: relay keygen keys --out " + c.Keys}
	case err != nil:
		return strings.Split(err.Error(), "\n"), nil
	}
	report.Line(out, "keys", fmt.Sprintf("%s, %s, the first is %s", c.Keys, report.Count(len(keys.Seal), "sealing key"), keys.Seal[0].Kid))
	return nil, nil
}

const stoodIn = "whsec_c3RhbmQtaW4gb2YgcmVsYXkgY2hlY2ssIG5vdCB1c2U="

// standIn looks up variables for a check, which may run where the relay does
// not: one that is not set gets a value of the right form, and is noted.
func standIn(env func(string) (string, bool), unset *[]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if value, ok := env(name); ok && value != "" {
			return value, true
		}
		*unset = append(*unset, "the environment variable "+name+" is not set here, and the relay does not start without it")
		return stoodIn, true
	}
}

// describe says in a few lines what was understood.
func describe(out io.Writer, c *config.Config) {
	report.Line(out, "public url", c.PublicURL)
	report.Line(out, "listening", c.Listen+", admin "+c.AdminListen)
	report.Line(out, "data", c.Data)
	report.Line(out, "log", c.Log.Origin)
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		report.Line(out, "account", name+" at "+c.Accounts[name].URL)
	}
	for _, site := range c.Sites {
		report.Line(out, "site", fmt.Sprintf("%s (%s) on %s, for %s, account %s", site.Name, site.Sitekey,
			report.Count(len(site.Origins), "origin"), strings.Join(site.Purposes, ", "), site.Account))
	}
}

// checkNotices renders each purpose by itself, so that one broken notice does
// not hide the next.
func checkNotices(c *config.Config, out io.Writer) (problems, warnings []string) {
	for _, id := range slices.Sorted(maps.Keys(c.Purposes)) {
		catalogue, err := notice.New(map[string]notice.Purpose{id: c.Purposes[id]}, notice.Options{AllowDrafts: c.AllowDrafts})
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		var tags []string
		for n := range catalogue.All() {
			tags = append(tags, n.Ref.Lang)
		}
		report.Line(out, "notice", id+" in "+strings.Join(tags, ", "))
		warnings = append(warnings, catalogue.Warnings()...)
	}
	return problems, warnings
}

func section(out io.Writer, title string, entries []string) {
	if len(entries) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s\n", title)
	for _, entry := range entries {
		fmt.Fprintf(out, "  - %s\n", entry)
	}
}

func texts(problems []*config.Problem) []string {
	all := make([]string, len(problems))
	for i, p := range problems {
		all[i] = p.Error()
	}
	return all
}
