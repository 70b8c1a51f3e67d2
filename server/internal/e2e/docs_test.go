package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A promise without a test is none: what these pages name, there is.
func TestTheDocumentsNameTestsThatThereAre(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..")
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == "node_modules":
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, match := range declared.FindAllSubmatch(text, -1) {
			there[string(match[1])] = true
		}
		return err
	}))
	for page, least := range map[string]int{"accessibility.md": 20, "csp.md": 5, "frameworks.md": 5, "widget.md": 50} {
		text, err := os.ReadFile(filepath.Join(root, "server", "docs", page))
		require.NoError(t, err)
		named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(text, -1)
		require.Greater(t, len(named), least, page)
		for _, match := range named {
			require.True(t, there[string(match[1])], "%s names %s, which is not there", page, match[1])
		}
	}
}

func TestThePolicyToCopyIsTheOneThatIsTested(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "csp.md"))
	require.NoError(t, err)
	require.Contains(t, string(text), "\nContent-Security-Policy: "+strings.ReplaceAll(strict, "RELAY", "https://consent.example.com")+"\n")
}

// What people copy is what is driven in a browser.
func TestTheFrameworksCodeIsTheAppsOwn(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "frameworks.md"))
	require.NoError(t, err)
	shown := map[string]bool{}
	for _, match := range regexp.MustCompile("(?s)\\]\\(\\.\\./internal/e2e/frameworks/([^)]+)\\):\n\n```\\w+\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		source, err := os.ReadFile(filepath.Join("frameworks", match[1]))
		require.NoError(t, err)
		require.Equal(t, string(source), match[2], match[1])
		app, _, _ := strings.Cut(match[1], "/")
		shown[app] = true
	}
	mains, err := filepath.Glob("frameworks/*/main.*")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(mains), 15)
	for _, main := range mains {
		require.True(t, shown[filepath.Base(filepath.Dir(main))], "%s is not shown", main)
	}
}
