package notice

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhiteSpaceIsKeptOnlyBetweenWordsAndInlineElements(t *testing.T) {
	none := map[string]string{}
	for markup, want := range map[string]element{
		"<p></p>":                               {"p", none},
		"\n <p>\n  a \n b\t</p> ":               {"p", none, "a b"},
		"<div> <p>a</p>\n<p>b</p> </div>":       {"div", none, element{"p", none, "a"}, element{"p", none, "b"}},
		"<p>see <a>this</a> now</p>":            {"p", none, "see ", element{"a", none, "this"}, " now"},
		"<p>see\n<a>this</a>, now</p>":          {"p", none, "see ", element{"a", none, "this"}, ", now"},
		"<p>a\u00a0b <!-- not shown -->c</p>":   {"p", none, "a\u00a0b ", "c"},
		"<button hidden type=button>a</button>": {"button", map[string]string{"hidden": "", "type": "button"}, "a"},
		`<svg viewbox="0 0 1 1"><path d="M0 0"/></svg>`: {"svg", map[string]string{"viewBox": "0 0 1 1"},
			element{"path", map[string]string{"d": "M0 0"}}},
	} {
		got, err := shape(markup)
		require.NoError(t, err, markup)
		require.Equal(t, want, got, markup)
	}
}

func TestShapeRefusesWhatTheLoaderWouldRefuse(t *testing.T) {
	for markup, want := range map[string]string{
		"<script>1</script>":                        "tag <script>",
		"<p><img></p>":                              "tag <img>",
		`<p onclick="a()">a</p>`:                    "attribute onclick",
		`<p style="color:red">a</p>`:                "attribute style",
		`<form action="/a"></form>`:                 "attribute action",
		`<button formaction="/a">a</button>`:        "attribute formaction",
		`<a href="javascript:a()">a</a>`:            "a link in the view",
		`<a href="http://bank.example">a</a>`:       "a link in the view",
		`<a href="//bank.example">a</a>`:            "a link in the view",
		`<svg><path xlink:href="https://a"/></svg>`: "attribute href",
		"<p>a</p><p>b</p>":                          "2 roots",
		"":                                          "0 roots",
	} {
		_, err := shape(markup)
		require.ErrorContains(t, err, want, markup)
	}
	for _, local := range []string{"http://localhost:8080/a", "http://127.0.0.1/a", "http://[::1]:1/"} {
		_, err := shape(`<a href="` + local + `">a</a>`)
		require.NoError(t, err)
	}
}
