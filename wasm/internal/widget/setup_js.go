//go:build js && wasm

package widget

import (
	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/wire"
)

// few are the attributes that take one of a few words; in place of another one the first
// word counts. The loader's list is attributes.js.
var few = [...][2]string{
	{"theme", " auto light dark contrast "},
	{"mode", " inline hosted "},
	{"loading", " lazy eager "},
	{"field", " element input "},
}

// choices tells whoever builds the page of attributes with a word that none of them takes.
func (w *Widget) choices() {
	given := w.host.value.Call("params")
	for _, attribute := range few {
		name, words := attribute[0], attribute[1]
		value := jsx.String(jsx.Field(given, name))
		known := value == ""
		for i := 0; i+len(value)+2 <= len(words); i++ {
			known = known || words[i:i+len(value)+2] == " "+value+" "
		}
		if !known {
			p := wire.ProblemOf(wire.InvalidRequest)
			p.Detail = name + " is one of:" + words[:len(words)-1]
			w.tell(&p)
		}
	}
}

// tell tells the page of a problem, and whoever builds the page of what to mend: on the
// console and, with test sitekeys, in the widget.
func (w *Widget) tell(p *wire.Problem) {
	detail := jsx.Object("code", string(p.Code), "retryable", p.Retryable, "fault", string(p.Fault), "requestId", p.RequestID)
	if p.Detail != "" {
		detail.Set("detail", p.Detail)
		jsx.Report(p.Detail)
		if p.Fault == wire.FaultPartner {
			w.set("[data-part=ribbon]", "textContent", p.Detail)
		}
	}
	w.host.value.Call("emit", flow.EventError, detail)
}
