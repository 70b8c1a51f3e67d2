package operator

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/export"
)

// Selection is which records are exported. A time is a day in India, 2026-11-23, or
// RFC 3339; empty: no bound.
type Selection struct{ Subject, Site, Since, Until string }

// Export writes records as JSON Lines: to a new file, readable by its owner alone, or
// to out if none is named. version is this program's.
func (l Ledger) Export(ctx context.Context, s Selection, file, version string, out, stderr io.Writer) error {
	if (s.Subject == "") != (s.Site == "") {
		return errors.New("--subject and --site belong together: a reference is one site's")
	}
	since, until, err := s.times()
	if err != nil {
		return err
	}
	return l.open(ctx, stderr, func(ledger *consent.Ledger) error {
		if file == "" {
			return s.write(ctx, ledger, since, until, version, out)
		}
		// Never over another file: it may be the evidence of a case.
		made, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		defer made.Close()
		if err := s.write(ctx, ledger, since, until, version, made); err != nil {
			return err
		}
		return made.Sync()
	})
}

func (s Selection) times() (since, until time.Time, err error) {
	until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, bound := range []struct {
		flag, text string
		to         *time.Time
	}{{"since", s.Since, &since}, {"until", s.Until, &until}} {
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

func (s Selection) write(ctx context.Context, l *consent.Ledger, since, until time.Time, version string, to io.Writer) error {
	out := bufio.NewWriter(to)
	lines := export.NewWriter(out, time.Now(), version)
	var err error
	if s.Subject == "" {
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
func eachOf(ctx context.Context, l *consent.Ledger, s Selection, since, until time.Time, do func(consent.Record) error) error {
	var all []consent.Record
	cursor := ""
	for {
		page, next, err := l.BySubject(ctx, s.Site, s.Subject, 100, cursor)
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
