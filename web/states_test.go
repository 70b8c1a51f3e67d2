package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// flowStates are the constants of type State in wasm/flow.
func flowStates(t *testing.T) (states []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../wasm/flow/flow.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "State" {
			for _, v := range spec.Values {
				name, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				require.NoError(t, err)
				states = append(states, name)
			}
		}
		return true
	})
	require.NotEmpty(t, states)
	return states
}

func TestTheLoaderAndTheTypesKnowEveryStateOfTheFlow(t *testing.T) {
	loader, err := os.ReadFile("src/states.js")
	require.NoError(t, err)
	var known []string
	for _, m := range regexp.MustCompile(`(?m)^  (\w+): (?:row|busy)`).FindAllStringSubmatch(string(loader), -1) {
		known = append(known, m[1])
	}
	require.ElementsMatch(t, flowStates(t), known)

	types, err := os.ReadFile("src/ekyc-connect.d.ts")
	require.NoError(t, err)
	for _, state := range known {
		require.Contains(t, string(types), `| "`+state+`"`)
	}
}
