package notice

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"
)

//go:embed lang/*.yaml
var files embed.FS

// english is the language that every purpose must have and that is shown when
// nothing else fits.
const english = "en"

// Status says whether a native speaker has read a language's words.
type Status string

const (
	Reviewed Status = "reviewed"
	Draft    Status = "draft" // served only where the operator allows drafts
)

// Language is one file of lang/. To add a language add a file: its keys and
// the {placeholders} of each text must be those of lang/en.yaml.
type Language struct {
	Tag      string   `yaml:"tag"`      // BCP 47; also the file's name
	Name     string   `yaml:"name"`     // its own name for itself
	Dir      string   `yaml:"dir"`      // ltr or rtl
	Status   Status   `yaml:"status"`   // reviewed or draft
	Reviewer string   `yaml:"reviewer"` // who read it; empty while it is a draft
	Sources  []string `yaml:"sources"`  // where its terms come from

	Interface map[string]string `yaml:"interface"` // what stands on the controls
	Notice    map[string]string `yaml:"notice"`    // what the law asks a notice to say
	Messages  map[string]string `yaml:"messages"`  // what is said on the way
	Receipt   map[string]string `yaml:"receipt"`   // what the receipt's page says
	Page      map[string]string `yaml:"page"`      // what only the hosted page says
	Dates     Dates             `yaml:"dates"`     // how a date and a time are written
}

// Languages lists every language that is built in, English first, then by tag. Their
// maps are shared by all callers: nobody may write to them.
func Languages() ([]Language, error) {
	all, err := builtInLanguages()
	return slices.Clone(all), err
}

// builtInLanguages reads the files once: they are part of the program.
var builtInLanguages = sync.OnceValues(func() ([]Language, error) { return load(files) })

func load(fsys fs.FS) ([]Language, error) {
	names, err := fs.Glob(fsys, "lang/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []Language
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		l, err := read(name, b)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b Language) int {
		if (a.Tag == english) != (b.Tag == english) {
			if a.Tag == english {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Tag, b.Tag)
	})
	if len(all) == 0 || all[0].Tag != english {
		return nil, fmt.Errorf("notice: lang/%s.yaml is missing", english)
	}
	for _, l := range all {
		if err := l.check(all[0]); err != nil {
			return nil, fmt.Errorf("notice: lang/%s.yaml: %w", l.Tag, err)
		}
	}
	return all, nil
}

func read(name string, content []byte) (l Language, err error) {
	if err := yaml.UnmarshalWithOptions(content, &l, yaml.Strict()); err != nil {
		return l, fmt.Errorf("notice: %s: %w", name, err)
	}
	if l.Tag+".yaml" != path.Base(name) {
		return l, fmt.Errorf("notice: %s: tag is %q, want the file's name", name, l.Tag)
	}
	return l, nil
}

// Source is a language's file as it is built in, for who would mend it.
func Source(tag string) ([]byte, error) { return files.ReadFile("lang/" + tag + ".yaml") }

// CheckSource says what is wrong with a mended file: it must be one that can be
// built in.
func CheckSource(tag string, content []byte) (Language, error) {
	all, err := builtInLanguages()
	if err != nil {
		return Language{}, err
	}
	l, err := read("lang/"+tag+".yaml", content)
	if err == nil {
		err = l.check(all[0])
	}
	return l, err
}

// check compares l with the pattern, which is English.
func (l Language) check(pattern Language) error {
	if _, err := language.Parse(l.Tag); err != nil {
		return fmt.Errorf("tag: %w", err)
	}
	switch {
	case l.Name == "":
		return fmt.Errorf("name is missing: write the language's own name for itself")
	case l.Dir != "ltr" && l.Dir != "rtl":
		return fmt.Errorf("dir is %q, want ltr or rtl", l.Dir)
	case l.Status != Reviewed && l.Status != Draft:
		return fmt.Errorf("status is %q, want reviewed or draft", l.Status)
	case l.Status == Reviewed && l.Reviewer == "":
		return fmt.Errorf("reviewer is missing: a text is reviewed by somebody")
	}
	for _, part := range []struct {
		name      string
		got, want map[string]string
	}{
		{"interface", l.Interface, pattern.Interface}, {"notice", l.Notice, pattern.Notice}, {"messages", l.Messages, pattern.Messages},
		{"receipt", l.Receipt, pattern.Receipt}, {"page", l.Page, pattern.Page},
	} {
		for key, want := range part.want {
			got, ok := part.got[key]
			if !ok || strings.TrimSpace(got) == "" {
				return fmt.Errorf("%s.%s is missing", part.name, key)
			}
			if g, w := placeholders(got), placeholders(want); !slices.Equal(g, w) {
				return fmt.Errorf("%s.%s has the placeholders %v, want %v", part.name, key, g, w)
			}
		}
		for key := range part.got {
			if _, ok := part.want[key]; !ok {
				return fmt.Errorf("%s.%s is not a key of lang/%s.yaml", part.name, key, english)
			}
		}
	}
	return l.Dates.check()
}

// say is the text of a key of the interface or the notice.
func (l Language) say(key string) (string, error) {
	if s, ok := l.Notice[key]; ok {
		return s, nil
	}
	if s, ok := l.Interface[key]; ok {
		return s, nil
	}
	return "", fmt.Errorf("no text with the key %q", key)
}
