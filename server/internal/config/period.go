package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Period is a time on the calendar, written 7y or 90d.
type Period struct{ Years, Days int }

var periodShape = regexp.MustCompile(`^([1-9][0-9]{0,4})(y|d)$`)

// UnmarshalText reads 7y or 90d.
func (p *Period) UnmarshalText(written []byte) error {
	m := periodShape.FindStringSubmatch(string(written))
	if m == nil {
		return errors.New("needs a number of years or days, such as 7y or 400d")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return err
	}
	if *p = (Period{Days: n}); m[2] == "y" {
		*p = Period{Years: n}
	}
	return nil
}

// String is the form that UnmarshalText reads.
func (p Period) String() string {
	if p.Years > 0 {
		return fmt.Sprintf("%dy", p.Years)
	}
	return fmt.Sprintf("%dd", p.Days)
}

// Before is the moment from which it is this long to now.
func (p Period) Before(now time.Time) time.Time { return now.AddDate(-p.Years, 0, -p.Days) }

// checkRetention keeps to the year that the DPDP Rules 2025 ask for at least:
// rule 6(1)(e) for logs, rule 8(3) for what was processed.
func (r *reader) checkRetention(t Retention) {
	for name, p := range map[string]Period{"consent": t.Consent, "requests": t.Requests} {
		if p.Years < 1 && p.Days < 365 || p.Years > 100 || p.Days > 36500 {
			r.report("retention."+name, "must be 1y to 100y: the DPDP Rules ask for a year at least")
		}
	}
}
