package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

func TestPrometheusTakesItsFiles(t *testing.T) {
	t.Parallel()
	rules, err := filepath.Abs("rules.yml")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	require.NoError(t, os.WriteFile(file, []byte(replaced(t, "prometheus.yml", "/etc/prometheus/ekyc-connect.rules.yml", rules)), 0o600))
	out, err := exec.Command(find(t, "promtool"), "check", "config", "--lint=all", "--lint-fatal", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestEachRuleRingsForWhatItIsFor(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(find(t, "promtool"), "test", "rules", "rules_test.yml", "rules_day_test.yml").CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// rule is what the tests read of rules.yml.
type rule struct {
	Alert, Record, Expr string
	Labels, Annotations map[string]string
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	text, err := os.ReadFile("rules.yml")
	require.NoError(t, err)
	var file struct{ Groups []struct{ Rules []rule } }
	require.NoError(t, yaml.Unmarshal(text, &file))
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	require.Greater(t, len(all), 20)
	return all
}

func TestEachAlertSaysWhatItIsAndWhatToDo(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/operating.md")
	require.NoError(t, err)
	tested := texts(t, ".", "rules*_test.yml")
	for _, r := range rules(t) {
		if r.Record != "" {
			continue
		}
		require.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
		require.NotEmpty(t, r.Annotations["summary"], r.Alert)
		require.NotEmpty(t, r.Annotations["description"], r.Alert)
		anchor, ok := strings.CutPrefix(r.Annotations["runbook_url"], "server/docs/operating.md#")
		require.True(t, ok, r.Alert)
		require.Regexp(t, `(?im)^### `+regexp.QuoteMeta(anchor)+`$`, string(page), r.Alert)
		require.Contains(t, tested, `alertname="`+r.Alert+`"`, "no test has it ring")
		require.Regexp(t, `(?m)^\| `+r.Alert+` \| .+ \| .+ \|$`, string(page), "how soon does it ring?")
	}
}

// panel is what the tests read of dashboard.json.
type panel struct {
	Title   string `json:"title"`
	Type    string `json:"type"`
	Targets []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
}

func panels(t *testing.T) (all []panel) {
	t.Helper()
	text, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var board struct {
		Panels []panel `json:"panels"`
	}
	require.NoError(t, json.Unmarshal(text, &board))
	for _, p := range board.Panels {
		if p.Type != "row" {
			require.NotEmpty(t, p.Targets, p.Title)
			all = append(all, p)
		}
	}
	require.Greater(t, len(all), 15)
	return all
}

// series finds those of the relay; no blackbox exporter runs here.
var series = regexp.MustCompile(`\b(?:[a-z_]+:)?(?:ekyc|process|go)_[a-z0-9_:]+(?:\{[^}]*\})?|\bup\{[^}]*\}`)

// A real Prometheus scrapes a real relay, and is asked for each series that a rule or a
// panel names, its labels included, and for each panel's whole expression.
func TestEachSeriesThatIsNamedIsThere(t *testing.T) {
	t.Parallel()
	l := startLab(t)
	status, _ := l.agree(t, "key-for-all-series")
	require.Equal(t, 201, status)
	at := prometheus(t, l.at.Admin.Addr().String(), "1s")
	require.Eventually(t, func() bool { return len(query(t, at, `ekyc_ready == 1`)) == 1 }, time.Minute, 100*time.Millisecond)
	named := map[string]string{}
	for _, r := range rules(t) {
		for _, one := range series.FindAllString(r.Expr, -1) {
			named[one] = r.Alert + r.Record
		}
	}
	for _, p := range panels(t) {
		for _, target := range p.Targets {
			expr := strings.ReplaceAll(target.Expr, "$__rate_interval", "1m")
			query(t, at, expr)
			for _, one := range series.FindAllString(expr, -1) {
				named[one] = p.Title
			}
		}
	}
	require.Greater(t, len(named), 30)
	for one, where := range named {
		require.Eventually(t, func() bool { return len(query(t, at, one)) > 0 }, time.Minute, 200*time.Millisecond,
			"%s names %s, which the relay does not expose", where, one)
	}
}
