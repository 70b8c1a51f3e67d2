package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/export"
)

// selection is which records are exported.
type selection struct {
	subject, site, since, until string
}

func consentsExport(env environment) *cobra.Command {
	var at ledgerFlags
	var which selection
	var file string
	cmd := &cobra.Command{
		Use:   "export (--config FILE | --data DIR) [--subject REF --site SITEKEY] [--since TIME] [--until TIME] [--out FILE]",
		Short: "Write records as JSON Lines",
		Long: `Write records as JSON Lines, oldest first: the sections of ISO/IEC TS 27560, the exact
bytes of each event with their SHA-256, times in UTC and in India, and the version of
this software: what a certificate under section 63 of the Bharatiya Sakshya Adhiniyam
asks for. A TIME is 2026-11-23, a day in India, or 2026-11-23T10:00:00Z.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if (which.subject == "") != (which.site == "") {
				return errors.New("--subject and --site belong together: a reference is one site's")
			}
			since, until, err := which.times()
			if err != nil {
				return err
			}
			return at.with(cmd, env, func(ctx context.Context, l *consent.Ledger, out io.Writer) error {
				if file != "" {
					// Never over another file: it may be the evidence of a case.
					made, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
					if err != nil {
						return err
					}
					out = made
					defer made.Close()
				}
				if err := which.write(ctx, l, since, until, out); err != nil || file == "" {
					return err
				}
				return out.(*os.File).Sync()
			})
		},
	}
	at.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&which.subject, "subject", "", "only records of the person with this `REF`erence of the partner's")
	flags.StringVar(&which.site, "site", "", "`SITEKEY` whose reference it is")
	flags.StringVar(&which.since, "since", "", "only decisions from this `TIME` on")
	flags.StringVar(&which.until, "until", "", "only decisions before this `TIME`")
	flags.StringVar(&file, "out", "", "new `FILE` to write, readable by its owner alone (default: standard output)")
	return cmd
}

func (s selection) times() (since, until time.Time, err error) {
	until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, bound := range []struct {
		flag, text string
		to         *time.Time
	}{{"since", s.since, &since}, {"until", s.until, &until}} {
		if bound.text == "" {
			continue
		}
		if *bound.to, err = timeAt(bound.text); err != nil {
			return since, until, fmt.Errorf("--%s needs a day such as 2026-11-23 or a time such as 2026-11-23T10:00:00Z", bound.flag)
		}
	}
	return since, until, nil
}

// india has had one offset from UTC since 1945.
var india = time.FixedZone("IST", 5*60*60+30*60)

func timeAt(text string) (time.Time, error) {
	if day, err := time.ParseInLocation(time.DateOnly, text, india); err == nil {
		return day, nil
	}
	return time.Parse(time.RFC3339, text)
}

func (s selection) write(ctx context.Context, l *consent.Ledger, since, until time.Time, to io.Writer) error {
	out := bufio.NewWriter(to)
	lines := export.NewWriter(out, time.Now(), readBuild(debug.ReadBuildInfo()).Version)
	var err error
	if s.subject == "" {
		err = l.Each(ctx, since, until, lines.Write)
	} else {
		err = eachOf(ctx, l, s, since, until, lines.Write)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// eachOf hands the records of one person to do, oldest first. They are few.
func eachOf(ctx context.Context, l *consent.Ledger, s selection, since, until time.Time, do func(consent.Record) error) error {
	var all []consent.Record
	cursor := ""
	for {
		page, next, err := l.BySubject(ctx, s.site, s.subject, 100, cursor)
		if err != nil {
			return err
		}
		all = append(all, page...)
		if cursor = next; cursor == "" {
			break
		}
	}
	for i := len(all) - 1; i >= 0; i-- {
		if r := all[i]; !r.At.Before(since) && r.At.Before(until) {
			if err := do(r); err != nil {
				return err
			}
		}
	}
	return nil
}
