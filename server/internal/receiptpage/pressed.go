package receiptpage

import (
	"html/template"
	"strings"
)

var choices = template.Must(template.New("").Parse(
	`<span class="choice{{if .Chosen}} chosen{{end}}">{{if .Chosen}}<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 13l5 5L20 6"/></svg>{{end}}{{.Text}}</span>`))

// pressed shows the notice's two buttons as they were, the one that was pressed
// with a mark. They cannot be pressed again; whatever else could be operated is
// left out.
func pressed(agreed bool) func(part, text string) template.HTML {
	chosen := "decline"
	if agreed {
		chosen = "agree"
	}
	return func(part, text string) template.HTML {
		if part != "agree" && part != "decline" {
			return ""
		}
		var out strings.Builder
		err := choices.Execute(&out, struct {
			Text   string
			Chosen bool
		}{text, part == chosen})
		if err != nil { // the template is our own and the values are text
			panic(err)
		}
		return template.HTML(out.String())
	}
}
