package config

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// Problem is one thing that is wrong in a file, and what to do about it. Its
// text never holds a secret: it names the setting, and repeats a value only
// where the value is public (an origin, a sitekey, an address).
type Problem struct {
	File         string
	Line, Column int    // from 1; 0 when the problem belongs to no place in the file
	Setting      string // as in sites[0].origins[1]; empty for the file as a whole
	Text         string
}

// places says where each setting stands.
type places map[string]*token.Position

// nearest is the place of a setting, or of the nearest setting around it that is in
// the file; nil if there is none.
func (p places) nearest(setting string) (at *token.Position) {
	for at == nil && setting != "" {
		at, setting = p[setting], setting[:max(strings.LastIndexAny(setting, ".["), 0)]
	}
	return at
}

func newProblem(file string, at *token.Position, setting, text string) *Problem {
	p := &Problem{File: filepath.Base(file), Setting: setting, Text: text}
	if at != nil {
		p.Line, p.Column = at.Line, at.Column
	}
	return p
}

// Error is "file:line:column: setting: text".
func (p *Problem) Error() string {
	var s strings.Builder
	s.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&s, ":%d:%d", p.Line, p.Column)
	}
	if p.Setting != "" {
		s.WriteString(": " + p.Setting)
	}
	s.WriteString(": " + p.Text)
	return s.String()
}

// Problems lists the problems inside err in their order, none if err has
// another cause.
func Problems(err error) []*Problem {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Problem
		for _, e := range joined.Unwrap() {
			all = append(all, Problems(e)...)
		}
		return all
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return []*Problem{p}
	}
	return nil
}

// join makes one error of all problems, sorted by place; nil if there are none.
func join(problems []*Problem) error {
	slices.SortStableFunc(problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}
