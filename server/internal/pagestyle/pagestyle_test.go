package pagestyle

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPagesOwnRulesComeLast(t *testing.T) {
	whole := string(With("main { gap: 0 }"))
	require.True(t, strings.HasPrefix(whole, base))
	require.True(t, strings.HasSuffix(whole, "main { gap: 0 }"))
}

// Of printf '%s' 'alert(1)' | openssl dgst -sha256 -binary | base64
func TestASourceIsTheHashOfTheTextAsItStands(t *testing.T) {
	require.Equal(t, "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='", Source("alert(1)"))
}

// An engine that does not know one of them leaves out every declaration in which the
// custom property stands.
func TestNoColourNeedsAnEngineNewerThanChrome86(t *testing.T) {
	for _, newer := range []string{"light-dark(", "color-mix(", ":is(", ":where("} {
		require.NotContains(t, base, newer)
	}
}

func TestNothingIsLoadedByTheSheet(t *testing.T) {
	for _, loads := range []string{"@import", "url(", "@font-face"} {
		require.NotContains(t, base, loads)
	}
}
