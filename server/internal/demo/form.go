package demo

import (
	"crypto/rand"
	"maps"
	"net/http"
)

// applicant is what the onboarding form is filled in with at first, and names
// its fields: what else is sent is not kept.
var applicant = map[string]string{
	"name": "Asha Rao", "birth": "1990-04-12", "occupation": "Salaried", "mobile": "+91 98000 00000", "email": "asha@example.com",
	"street": "14 Lake View Road", "city": "Pune", "pin": "411001",
	"kind": "Savings account", "nominee": "",
}

var options = map[string][]string{
	"occupation": {"Salaried", "Self-employed", "Student", "Retired", "Other"},
	"kind":       {"Savings account", "Savings account without a minimum balance", "Current account"},
}

// formPage is a page with the widget in a form.
type formPage struct {
	frame
	Title, Notice string
	Application   string // the bank's own reference for this applicant: the consent's subject
	Retry         string // of siteverify, after the vendor refused the letters
	Choosers      []chooser
	values        map[string]string
}

// Value is what stands in a field of the onboarding form.
func (p formPage) Value(name string) string { return p.values[name] }

// Options are the choices of one of its fields.
func (p formPage) Options(name string) []choice {
	var all []choice
	for _, v := range options[name] {
		all = append(all, choice{Value: v, Selected: v == p.values[name]})
	}
	return all
}

// form shows one of the pages with a form.
func (d *demo) form(root, at string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f := frameOf(r, root)
		f.At = at
		d.show(w, r, formPage{frame: f, Application: "APP-" + rand.Text()[:10], values: applicant})
	}
}

func (d *demo) show(w http.ResponseWriter, r *http.Request, p formPage) {
	p.Title = "Open an account"
	if p.At == playground {
		p.Title, p.Choosers = "Playground", d.choosers(p.frame)
	}
	d.render(w, r, http.StatusOK, p.At+".html", p)
}

// valuesOf reads the onboarding form.
func valuesOf(r *http.Request) map[string]string {
	values := maps.Clone(applicant)
	for name := range values {
		values[name] = r.PostForm.Get(name)
	}
	return values
}
