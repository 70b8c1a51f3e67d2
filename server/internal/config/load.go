package config

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxFile bounds a configuration file, in bytes; notices are the long part.
const maxFile = 8 << 20

// Load reads and checks the configuration file at path. env looks up the
// variables of ${NAME} references; os.LookupEnv in a real process. The error
// joins every problem of the file, sorted by line: see [Problems].
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	c, err := Read(path, env)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Read is Load, but with a problem it also gives what it has understood, if that is
// anything: enough to look for further problems, and not to run with.
func Read(path string, env func(string) (string, bool)) (*Config, error) {
	data, err := readFile(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return parse(path, data, env)
}

// LoadForLedger is Load for one who works on the ledger alone, who need not have what
// serving needs: the secrets of vendor accounts and of webhooks may be missing.
func LoadForLedger(path string, env func(string) (string, bool)) (*Config, error) {
	c, err := Read(path, env)
	problems := slices.DeleteFunc(Problems(err), func(p *Problem) bool { return servingAlone.MatchString(p.Setting) })
	if c == nil || len(problems) > 0 {
		return nil, cmp.Or(join(problems), err)
	}
	return c, nil
}

// servingAlone are settings that only a relay that serves needs.
var servingAlone = regexp.MustCompile(`^accounts\.[^.]+(\.client_(id|secret|secret_file))?$|^sites\[\d+\]\.webhook_secret(_file)?$`)

// parse is Read for the bytes of the file.
func parse(path string, data []byte, env func(string) (string, bool)) (*Config, error) {
	r := &reader{file: path, env: env}
	c := defaults()
	if !r.read(data, &c) {
		return nil, join(r.problems)
	}
	c.file, c.places = r.file, r.places
	r.checkNetwork(&c)
	r.checkPaths(&c)
	r.checkStore(&c)
	r.checkLog(&c)
	if _, written := r.places["lifetimes.consent"]; !written {
		c.Lifetimes.Consent = max(c.Lifetimes.Consent, min(c.Lifetimes.Session, time.Hour))
	}
	r.checkLifetimes(c.Lifetimes)
	r.checkLimits(c.Limits)
	r.checkRetention(c.Retention)
	r.checkAccounts(&c)
	for _, id := range slices.Sorted(maps.Keys(c.Purposes)) {
		r.checkName("purposes", id)
	}
	r.checkSites(&c)
	r.checkControllers(&c)
	return &c, join(r.problems)
}

// readFile reads at most limit bytes of a regular file.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d allowed", path, info.Size(), limit)
	}
	return os.ReadFile(path)
}

func (r *reader) checkPaths(c *Config) {
	if c.Data == "" {
		r.report("data", "missing; write the directory for the ledger, as in /var/lib/ekyc-connect")
	}
	c.Data = r.resolve(c.Data)
	c.keysInData = c.Keys == ""
	c.Keys = r.resolve(c.Keys)
	c.UseData(c.Data)
}

// UseData replaces the data directory, and the keys file unless the
// configuration names one.
func (c *Config) UseData(dir string) {
	c.Data = dir
	if c.keysInData {
		c.Keys = filepath.Join(dir, KeysFile)
	}
}

// resolve takes a relative path from the directory of the file being read.
func (r *reader) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.file), path)
}

func (r *reader) checkLifetimes(l Lifetimes) {
	for _, row := range []struct {
		name            string
		value, from, to time.Duration
	}{
		{"presentation", l.Presentation, 10 * time.Minute, 24 * time.Hour},
		{"session", l.Session, time.Minute, time.Hour},
		{"consent", l.Consent, min(l.Session, time.Hour), 2 * time.Hour},
		{"token", l.Token, 30 * time.Second, time.Hour},
		{"ticket", l.Ticket, time.Minute, 24 * time.Hour},
	} {
		if row.value < row.from || row.value > row.to {
			r.report("lifetimes."+row.name, "must be %s to %s", short(row.from), short(row.to))
		}
	}
	if l.CallsPerConsent < 1 || l.CallsPerConsent > 50 {
		r.report("lifetimes.calls_per_consent", "must be 1 to 50")
	}
}

func (r *reader) checkLimits(l Limits) {
	for name, value := range map[string]int{
		"view": l.View, "sessions": l.Sessions, "declines": l.Declines, "captchas": l.Captchas,
		"answers": l.Answers, "wrong_secrets": l.WrongSecrets,
	} {
		if value < 0 || value > 100_000 {
			r.report("limits."+name, "must be 0 (no limit) to 100000 a minute")
		}
	}
}

// short writes a duration as an operator would: 6h, not 6h0m0s.
func short(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

func (r *reader) checkName(section, name string) {
	if !nameShape.MatchString(name) {
		r.report(section+"."+name, "names are 1 to 64 lower-case letters, digits and inner hyphens")
	}
}

func indexed(setting string, i int) string { return fmt.Sprintf("%s[%d]", setting, i) }

// choice lists what could be named instead.
func choice[T any](known map[string]T) string {
	if len(known) == 0 {
		return "none is defined"
	}
	return "defined: " + strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}
