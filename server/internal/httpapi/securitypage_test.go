package httpapi_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A threat without a test is told as such: what the page names, there is.
func TestThePageOnSecurityNamesTestsThatThereAre(t *testing.T) {
	t.Parallel()
	const root = "../../.."
	page, err := os.ReadFile(root + "/server/docs/security.md")
	require.NoError(t, err)
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9_]+)\(`)
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range declared.FindAllSubmatch(text, -1) {
			there[string(match[1])] = true
		}
		return err
	}))
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+)`").FindAllSubmatch(page, -1)
	require.Greater(t, len(named), 50)
	for _, match := range named {
		require.True(t, there[string(match[1])], "%s is named and is not there", match[1])
	}
	threats := regexp.MustCompile(`(?m)^\| [STRIDE]\d+ \|.*$`).FindAll(page, -1)
	require.Greater(t, len(threats), 40)
	for _, threat := range threats {
		require.Regexp(t, "`(Test|Fuzz)|\\*\\*(not covered|no test)\\*\\*", string(threat), "a test or an honest word")
	}
}

// The parsers of what strangers send are fuzzed from seeds that are kept.
func TestEveryParserOfStrangersInputIsFuzzedFromKeptSeeds(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"httpapi/FuzzDecode", "httpapi/FuzzViewQuery", "httpapi/FuzzRedeem", "forwarded/FuzzClientOf", "httpapi/FuzzHosted", "seal/FuzzOpen",
		"deepvue/FuzzWhatIsTakenIsChecked", "deepvue/FuzzWhatThePartnerIsTold",
		"config/FuzzLoad", "config/FuzzAllowsOrigin", "config/FuzzParseOrigin",
	} {
		name, f, _ := strings.Cut(target, "/")
		seeds, err := filepath.Glob("../" + name + "/testdata/fuzz/" + f + "/*")
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(seeds), 5, target)
		sources, err := filepath.Glob("../" + name + "/*_test.go")
		require.NoError(t, err)
		found := false
		for _, source := range sources {
			text, err := os.ReadFile(source)
			require.NoError(t, err)
			found = found || strings.Contains(string(text), "func "+f+"(f *testing.F)")
		}
		require.True(t, found, target)
	}
}
