// Package check looks at a configuration, its keys file and its notices without serving
// anything: problems, which keep a relay from starting, and warnings.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	Offline bool   // Run asks neither the vendor's address nor the DNS nor a database
	Env     func(string) (string, bool)
}

// Run writes its report to out; its error says only how it ended.
func Run(ctx context.Context, o Options, out io.Writer) error {
	l, err := Load(o)
	if err != nil && len(config.Problems(err)) == 0 {
		return err
	}
	problems := []error{err}
	if err == nil {
		if err := l.describe(out); err != nil {
			return err
		}
		if warning := diskWarning(l.Config.Data); warning != "" && l.Config.Store.IsZero() {
			l.Warnings = append(l.Warnings, warning)
		}
		problems = append(problems, l.warn(listenFindings(l.Config))...)
		if unusable := ledgerProblem(ctx, l.Config); unusable != nil {
			problems = append(problems, unusable)
		} else {
			problems = append(problems, l.warn(Fingerprints(ctx, l.Config, l.Keys, o.Offline))...)
		}
		if !o.Offline {
			problems = append(problems, l.warn(Store(ctx, l.Config, out))...)
			l.Warnings = append(l.Warnings, newReach().warnings(ctx, l.Config)...)
		}
	}
	all := texts(config.Problems(errors.Join(problems...)))
	section(out, "Warnings", l.Warnings)
	section(out, "Problems", all)
	if len(all) > 0 {
		return fmt.Errorf("%s in %s: mend what is listed and check again", report.Count(len(all), "problem"), o.Config)
	}
	fmt.Fprintf(out, "\n%s: no problem, %s\n", filepath.Base(o.Config), report.Count(len(l.Warnings), "warning"))
	return nil
}

// describe says in a few lines what was understood.
func (l *Loaded) describe(out io.Writer) error {
	c := l.Config
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
	for _, id := range slices.Sorted(maps.Keys(l.offered)) {
		report.Line(out, "notice", id+" in "+strings.Join(l.offered[id], ", "))
	}
	report.Line(out, "credentials", "looked at only: the vendor takes no call without a consent; the first visitor tries them, see /readyz")
	report.Line(out, "keys", fmt.Sprintf("%s, %s, the first is %s", c.Keys, report.Count(len(l.Keys.Seal), "sealing key"), l.Keys.Seal[0].Kid))
	return describeLanguages(out, c)
}

// noticeFindings renders each purpose by itself, so that one broken notice does not
// hide the next.
func (l *Loaded) noticeFindings() (problems []error, warnings []string) {
	c := l.Config
	l.offered = map[string][]string{}
	for _, id := range slices.Sorted(maps.Keys(c.Purposes)) {
		catalogue, err := notice.New(map[string]notice.Purpose{id: c.Purposes[id]}, notice.Options{AllowDrafts: c.AllowDrafts})
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				problems = append(problems, c.Problem("purposes."+id, "%s", strings.TrimSpace(line)))
			}
			continue
		}
		for n := range catalogue.All() {
			l.offered[id] = append(l.offered[id], n.Ref.Lang)
		}
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
