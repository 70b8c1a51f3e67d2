package demo

import (
	"crypto/rand"
	"net/http"
)

// applicant is what the onboarding form is filled in with.
var applicant = map[string]string{
	"name": "Asha Rao", "birth": "1990-04-12", "mobile": "+91 98000 00000", "email": "asha@example.com",
	"street": "14 Lake View Road", "city": "Pune", "pin": "411001", "nominee": "",
}

var options = map[string][]string{
	"occupation": {"Salaried", "Self-employed", "Student", "Retired", "Other"},
	"kind":       {"Savings account", "Savings account without a minimum balance", "Current account"},
}

// formPage is a page with the widget in a form.
type formPage struct {
	frame
	Title       string
	Application string // the bank's own reference for this applicant: the consent's subject
	Retry       string // none: the widget begins with the notice
	Choosers    []chooser
	Code        []snippets
}

// Value is what stands in a field of the onboarding form.
func (formPage) Value(name string) string { return applicant[name] }

// Options are the choices of one of its fields, the chosen one first.
func (formPage) Options(name string) []string { return options[name] }

// form shows one of the pages with a form.
func (d *demo) form(root, at string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f := frameOf(r, root)
		f.At = at
		p := formPage{frame: f, Title: "Open an account", Application: "APP-" + rand.Text()[:10]}
		if at == playground {
			p.Title, p.Choosers = "Playground", d.choosers(f)
			var err error
			if p.Code, err = d.snippets(f); err != nil {
				d.Log.ErrorContext(r.Context(), "demo: code not written", "error", err)
				http.Error(w, "the demo page could not be made", http.StatusInternalServerError)
				return
			}
		}
		d.render(w, r, http.StatusOK, at+".html", p)
	}
}
