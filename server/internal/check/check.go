package main

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

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/notice"
)

func checkCommand(env func(string) (string, bool)) *cobra.Command {
	var path, data string
	var offline bool
	cmd := &cobra.Command{
		Use:   "check --config FILE",
		Short: "Check a configuration: problems with line and remedy, then warnings",
		Long: `Check a configuration, its keys file and its notices without serving anything.
Problems keep the relay from starting: the exit status is 1 then. Warnings are for
you to judge. No secret is printed.

It looks from here whether the vendor's address answers, whether the clock is right,
whether the sites' names exist, and whether the database of store can be used;
--offline leaves that out. The credentials are
not tried: the vendor takes no call without a person's consent.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var from *reach
			if !offline {
				from = newReach()
			}
			return check(cmd.Context(), path, data, env, from, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&path, "config", "", "configuration `FILE` (YAML)")
	cmd.Flags().StringVar(&data, "data", "", "`DIR` of the ledger, as for serve (default: of the configuration)")
	cmd.Flags().BoolVar(&offline, "offline", false, "ask nobody: neither the vendor's address nor the DNS")
	_ = cmd.MarkFlagRequired("config") // fails only for a flag that does not exist
	return cmd
}

// check writes its report to out; its error says only how it ended.
func check(ctx context.Context, path, data string, env func(string) (string, bool), from *reach, out io.Writer) error {
	var unset []string
	c, err := config.Load(path, standIn(env, &unset))
	if problems := config.Problems(err); len(problems) > 0 {
		section(out, "Problems", texts(problems))
		return fmt.Errorf("%s in %s: mend what is listed and check again", count(len(problems), "problem"), path)
	}
	if err != nil {
		return err
	}
	if data != "" {
		c.UseData(data)
	}
	describe(out, c)
	found := append(append(unset, warnings(c)...), originTypos(c)...)
	if warning := diskWarning(c.Data); warning != "" && c.Store.IsZero() {
		found = append(found, warning)
	}
	problems, doubts := credentialNotes(c)
	found = append(found, doubts...)
	if from != nil {
		wrong, doubts := checkStore(ctx, c, out)
		problems, found = append(problems, wrong...), append(found, doubts...)
		found = append(found, from.warnings(ctx, c)...)
	}
	line(out, "credentials", "looked at only: the vendor takes no call without a consent; the first visitor tries them, see /readyz")
	keys, err := config.LoadKeys(c.Keys)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		found = append(found, fmt.Sprintf("there is no keys file yet, and the relay does not start without one: relay keygen keys --out %s", c.Keys))
	case err != nil:
		problems = append(problems, strings.Split(err.Error(), "\n")...)
	default:
		line(out, "keys", fmt.Sprintf("%s, %s, the first is %s", c.Keys, count(len(keys.Seal), "sealing key"), keys.Seal[0].Kid))
	}
	noticeProblems, noticeWarnings := checkNotices(c, out)
	if err := describeLanguages(out, c); err != nil {
		return err
	}
	problems, found = append(problems, noticeProblems...), append(found, noticeWarnings...)
	section(out, "Warnings", found)
	section(out, "Problems", problems)
	if len(problems) > 0 {
		return fmt.Errorf("%s with %s: mend what is listed and check again", count(len(problems), "problem"), path)
	}
	fmt.Fprintf(out, "\n%s: no problem, %s\n", filepath.Base(path), count(len(found), "warning"))
	return nil
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
	line(out, "public url", c.PublicURL)
	line(out, "listening", c.Listen+", admin "+c.AdminListen)
	line(out, "data", c.Data)
	line(out, "log", c.Log.Origin)
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		line(out, "account", name+" at "+c.Accounts[name].URL)
	}
	for _, site := range c.Sites {
		line(out, "site", fmt.Sprintf("%s (%s) on %s, for %s, account %s", site.Name, site.Sitekey,
			count(len(site.Origins), "origin"), strings.Join(site.Purposes, ", "), site.Account))
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
		line(out, "notice", id+" in "+strings.Join(tags, ", "))
		warnings = append(warnings, catalogue.Warnings()...)
	}
	return problems, warnings
}

func line(out io.Writer, name, text string) { fmt.Fprintf(out, "%-13s%s\n", name, text) }

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

// count writes "1 problem", "2 problems".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
