package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

func TestAFileThatSaysNothingIsRefused(t *testing.T) {
	keys := filepath.Join(t.TempDir(), KeysFile)
	for _, text := range []string{"", "{}", "null", "~", "---", "--- null\n...\n", "[]", "''", "# nothing", "{} # nothing", "&x {}", "0"} {
		_, err := load(t, text)
		require.NotEmpty(t, Problems(err), "%q", text)
		require.NoError(t, os.WriteFile(keys, []byte(text), 0o600))
		_, err = LoadKeys(keys)
		require.NotEmpty(t, Problems(err), "%q", text)
	}
}

// nulls gives the file once for each value in it, with null there instead; at is
// where, and given whether a value of nothing may stand there: not in a list,
// nor under a name that the operator chose.
func nulls(tree any, set func(any) any, at string, given bool, each func(file any, at string, given bool)) {
	if at != "" {
		each(set(nil), at, given)
	}
	switch tree := tree.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			chosen := at == ".accounts" || at == ".purposes" || strings.HasSuffix(at, ".texts")
			nulls(tree[name], func(v any) any {
				other := maps.Clone(tree)
				other[name] = v
				return set(other)
			}, at+"."+name, !chosen, each)
		}
	case []any:
		for i := range tree {
			nulls(tree[i], func(v any) any {
				other := slices.Clone(tree)
				other[i] = v
				return set(other)
			}, fmt.Sprintf("%s[%d]", at, i), false, each)
		}
	}
}

func TestNullIsNeverAnEntryAndNeverEndsTheProgram(t *testing.T) {
	dir := t.TempDir()
	write := func(file any) string {
		text, err := yaml.Marshal(file)
		require.NoError(t, err)
		path := filepath.Join(dir, "file.yaml")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		return path
	}
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	for _, row := range []struct {
		text string
		load func(path string) error
	}{
		{edit(t, "texts: {}", "texts: {en: {title: x}}") + "    return_urls: [https://www.bank.example/back]\ntrusted_proxies: [10.0.0.0/8]\n", func(path string) error {
			c, err := Load(path, environment)
			require.Equal(t, err != nil, c == nil)
			return err
		}},
		{string(text), func(path string) error {
			c, err := Load(path, func(string) (string, bool) { return "whsec_c3RhbmQtaW4gb2YgYSBzZWNyZXQgYWx0b2dldGhlcg==", true })
			require.Equal(t, err != nil, c == nil)
			return err
		}},
		{NewKeys(time.Now()).YAML(), func(path string) error {
			_, err := LoadKeys(path)
			return err
		}},
	} {
		var tree any
		require.NoError(t, yaml.Unmarshal([]byte(row.text), &tree))
		tried := 0
		nulls(tree, func(v any) any { return v }, "", true, func(file any, at string, given bool) {
			tried++
			err := row.load(write(file))
			if !given {
				require.ErrorContains(t, err, at[1:]+": says nothing", at)
			}
		})
		require.Greater(t, tried, 5)
	}
}

func TestABareDashIsTold(t *testing.T) {
	_, err := load(t, edit(t, "origins: [https://WWW.bank.example:443]", "origins:\n      - https://www.bank.example\n      -"))
	require.EqualError(t, err, "relay.yaml:18:8: sites[0].origins[1]: says nothing; write its value, or remove the entry")
}

func TestAKeysFileThatSaysNothingIsLeftAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), KeysFile)
	for _, text := range []string{"{}", "null", "seal: []\n"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := sandboxKeys(path)
		require.NotEmpty(t, Problems(err))
		left, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, text, string(left))
	}
}
