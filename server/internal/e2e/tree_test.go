package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata anew")

// What a screen reader is given in each state, reviewed by people: role, name and
// states of all that it can reach, in its order.
func TestWhatAScreenReaderIsGivenInEachState(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	dir := filepath.Join("testdata", "tree")
	if *update {
		require.NoError(t, os.MkdirAll(dir, 0o755))
	}
	var states []string
	walk(t, relay, "", guise{name: "tree"}, func(b *tab, name string) {
		states = append(states, name+".txt")
		file, got := filepath.Join(dir, name+".txt"), b.tree()
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err, "go test ./server/internal/e2e -run ScreenReader -update")
		require.Equal(t, string(want), got, name)
	})
	kept, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, k := range kept {
		require.True(t, slices.Contains(states, k.Name()), "%s is of no state", k.Name())
	}
}

// tree is the page's accessibility tree below its heading, a line for each node.
func (b *tab) tree() string {
	b.t.Helper()
	var all struct {
		Nodes []*axNode `json:"nodes"`
	}
	b.do(chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, accessibility.CommandGetFullAXTree, nil, &all)
	}))
	nodes, byID := all.Nodes, map[string]*axNode{}
	for _, n := range nodes {
		byID[n.ID] = n
	}
	var out strings.Builder
	var write func(n *axNode, depth int, within string)
	write = func(n *axNode, depth int, within string) {
		role := n.Role.text()
		name := n.Name.text()
		if n.Ignored || slices.Contains([]string{"none", "generic", "InlineTextBox", "ListMarker", "RootWebArea"}, role) || role == "StaticText" && name == within {
			depth--
		} else {
			line := fmt.Sprintf("%s%s %q", strings.Repeat("  ", depth), role, start(name))
			if d := n.Description.text(); d != "" {
				line += fmt.Sprintf(" described %q", ends(d))
			}
			for _, p := range n.Properties {
				if v := p.Value.text(); slices.Contains(told, p.Name) && v != "false" && v != "" {
					line += fmt.Sprintf(" %s=%s", p.Name, v)
				}
			}
			out.WriteString(line + "\n")
		}
		if role == "StaticText" || role == "MenuListPopup" { // its 25 languages are in no other place of interest
			return
		}
		for _, id := range n.Children {
			if c := byID[id]; c != nil {
				write(c, depth+1, name)
			}
		}
	}
	write(nodes[0], 0, "")
	return out.String()
}

// start is the first words of a text: what the notice says has tests of its own.
func start(text string) string {
	if letters := []rune(text); len(letters) > 32 {
		return string(letters[:32]) + "…"
	}
	return text
}

// ends are the first and the last words of a text made of several.
func ends(text string) string {
	if letters := []rune(text); len(letters) > 32 {
		return string(letters[:16]) + "…" + string(letters[len(letters)-16:])
	}
	return text
}

// told are the properties that a screen reader speaks of.
var told = []string{"focused", "disabled", "busy", "pressed", "invalid", "expanded", "live", "level"}

// axNode is the protocol's AXNode. (Its Go type refuses what newer browsers add.)
type axNode struct {
	ID          string   `json:"nodeId"`
	Ignored     bool     `json:"ignored"`
	Role        *axValue `json:"role"`
	Name        *axValue `json:"name"`
	Description *axValue `json:"description"`
	Properties  []struct {
		Name  string   `json:"name"`
		Value *axValue `json:"value"`
	} `json:"properties"`
	Children []string `json:"childIds"`
}

type axValue struct {
	Value any `json:"value"`
}

func (v *axValue) text() string {
	if v == nil || v.Value == nil {
		return ""
	}
	return fmt.Sprint(v.Value)
}
