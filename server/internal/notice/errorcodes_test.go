package notice

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

// said is what the widget says to a person about a code.
func said(t *testing.T, code wire.Code) string {
	t.Helper()
	languages, err := Languages()
	require.NoError(t, err)
	en := languages[slices.IndexFunc(languages, func(l Language) bool { return l.Tag == english })]
	by := map[string]string{}
	for _, m := range en.messages(func(text string) string { return strings.ReplaceAll(text, "{controller}", "the company") }) {
		for key := range strings.FieldsSeq(m.Keys) {
			by[key] = m.Text
		}
	}
	for _, key := range []string{string(code), string(code.Fault()), "unknown"} {
		if by[key] != "" {
			return by[key]
		}
	}
	return ""
}

func TestTheDocumentHasEveryCodeAsItIs(t *testing.T) {
	text, err := os.ReadFile("../../docs/error-codes.md")
	require.NoError(t, err)
	row := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\d*) ?\\| (yes|no) \\| (\\w+) \\| (.+?) \\| (.+) \\|$")
	var codes []wire.Code
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		code := wire.Code(m[1])
		codes = append(codes, code)
		status := strconv.Itoa(code.Status())
		if code.Status() == 0 {
			status = ""
		}
		require.Equal(t, []string{status, map[bool]string{true: "yes", false: "no"}[code.Retryable()], string(code.Fault())}, m[2:5], code)
		if !slices.Contains(wire.PartnerCodes(), code) {
			require.Equal(t, said(t, code), m[5], code)
		}
	}
	require.Equal(t, append(wire.Codes(), wire.PartnerCodes()...), codes)
}
