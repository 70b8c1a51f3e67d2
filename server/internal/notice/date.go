package notice

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Dates is how a language writes a day and a time of day.
type Dates struct {
	Format string         `yaml:"format"` // with {day} {month} {year} {time}, and {part} where there are parts
	Months []string       `yaml:"months"` // January first
	Parts  map[int]string `yaml:"parts"`  // of the day, by the hour with which each begins; without any, hours count to 24
}

// IST is Indian Standard Time, which has had no other offset since 1945.
var IST = time.FixedZone("IST", 5*60*60+30*60)

// Write is t as people in India write it, to the minute.
func (d Dates) Write(t time.Time) string {
	t = t.In(IST)
	clock := "15:04"
	if len(d.Parts) > 0 {
		clock = "3:04"
	}
	return strings.NewReplacer(
		"{day}", strconv.Itoa(t.Day()), "{month}", d.Months[t.Month()-1], "{year}", strconv.Itoa(t.Year()),
		"{time}", t.Format(clock), "{part}", d.part(t.Hour()),
	).Replace(d.Format)
}

// part is the part of the day to which an hour belongs: the one that began last,
// if need be on the day before.
func (d Dates) part(hour int) string {
	begin := slices.Sorted(maps.Keys(d.Parts))
	if len(begin) == 0 {
		return ""
	}
	last := begin[len(begin)-1]
	for _, h := range begin {
		if h <= hour {
			last = h
		}
	}
	return d.Parts[last]
}

func (d Dates) check() error {
	want := []string{"{day}", "{month}", "{time}", "{year}"}
	if len(d.Parts) > 0 {
		want = []string{"{day}", "{month}", "{part}", "{time}", "{year}"}
	}
	if got := placeholders(d.Format); !slices.Equal(got, want) {
		return fmt.Errorf("dates.format has the placeholders %v, want %v", got, want)
	}
	if len(d.Months) != 12 || slices.ContainsFunc(d.Months, blank) {
		return fmt.Errorf("dates.months has %d names, want 12, none of them empty", len(d.Months))
	}
	for hour, part := range d.Parts {
		if hour < 0 || hour > 23 || blank(part) {
			return fmt.Errorf("dates.parts has %d: %q, want an hour from 0 to 23 and a word", hour, part)
		}
	}
	return nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
