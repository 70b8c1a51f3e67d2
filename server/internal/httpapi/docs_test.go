package httpapi_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
)

// quotedIn lists what one group of the pattern finds in a file of the repository.
func quotedIn(t *testing.T, file, begin, end, pattern string) (found []string) {
	t.Helper()
	text, err := os.ReadFile("../../../" + file)
	require.NoError(t, err)
	part := regexp.MustCompile(`(?s)` + regexp.QuoteMeta(begin) + `.*?` + regexp.QuoteMeta(end)).FindString(string(text))
	require.NotEmpty(t, part, "%s has no %s", file, begin)
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(part, -1) {
		found = append(found, m[1])
	}
	return found
}

func TestTheDocumentAndThePackageHaveSiteverifysCodes(t *testing.T) {
	t.Parallel()
	codes := []string{
		connect.MissingSecret, connect.InvalidSecret, connect.MissingResponse, connect.NotAToken, connect.InvalidResponse, connect.SitekeyMismatch,
		connect.SubjectMismatch, connect.Withdrawn, connect.AlreadySeen, connect.ExpiredResponse, connect.BadRequest, connect.InternalVerifier,
	}
	require.Equal(t, codes, quotedIn(t, "server/docs/error-codes.md", "## siteverify", "\n## ", "(?m)^\\| `([a-z-]+)`"))
	require.Equal(t, codes, quotedIn(t, "web/npm/server.d.ts", "type SiteverifyCode =", ";", `"([a-z-]+)"`))
}

func TestTheDocumentHasThePackagesCodesForAScriptThatDoesNotLoad(t *testing.T) {
	t.Parallel()
	require.Equal(t,
		quotedIn(t, "web/npm/index.d.ts", "type EkycConnectLoadCode =", ";", `"(\w+)"`),
		quotedIn(t, "server/docs/error-codes.md", "## Loading the script", "| `no_page` |", "(?m)^\\| `(\\w+)`"))
}
