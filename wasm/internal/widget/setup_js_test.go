//go:build js && wasm

package widget_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/internal/jsx"
)

// details are what the page was told to mend.
func (p *page) details() (all []string) {
	for _, e := range p.told("ekyc-error") {
		all = append(all, jsx.String(e.Get("detail")))
	}
	return all
}

func TestWordsThatAnAttributeTakesAreNoMistake(t *testing.T) {
	require.Empty(t, open(t, "theme", "contrast", "mode", "inline", "loading", "eager", "field", "input").bind().details())
	require.Empty(t, open(t).bind().details())
}

func TestWordsThatAnAttributeDoesNotTakeAreTold(t *testing.T) {
	p := open(t, "theme", "Dark", "field", "hidden").bind()
	says := []string{"theme is one of: auto light dark contrast", "field is one of: element input"}
	require.Equal(t, says, p.details())
	require.Equal(t, "notice", p.js.Get("now").String(), "the widget works on")
	p.widget.Changed("subject")
	require.Equal(t, says, p.details(), "once")
	p.widget.Changed("theme")
	require.Equal(t, append(says, says...), p.details())
}
