package demo

import (
	"net/http"
	"strings"

	"ekycconnect/server/internal/notice"
	"ekycconnect/wasm/wire"
)

// maxReview bounds what a reader sends, in bytes: every text of a file anew.
const maxReview = 512 << 10

// wordsPage is where a native speaker reads a language beside English, in the
// widget and text by text.
type wordsPage struct {
	frame
	Title     string
	Language  notice.Language
	Others    []wire.Language // to choose from
	Parts     []wordsPart
	Wrong     string
	Remarks   string
	Name      string
	ReadWhole bool
}

type wordsPart struct {
	Title string
	Rows  []wordsRow
}

type wordsRow struct{ Key, English, Text, Better string }

// partTitles say what the parts of a language's file are.
var partTitles = map[string]string{
	"interface": "On the controls", "notice": "The notice", "messages": "On the way",
	"receipt": "The receipt's page", "page": "The page of the relay's own",
}

// in is the text in a language.
func (t text) in(l notice.Language) string {
	return map[string]map[string]string{
		"interface": l.Interface, "notice": l.Notice, "messages": l.Messages, "receipt": l.Receipt, "page": l.Page,
	}[t.Part][t.Key]
}

// showWords shows the language that was asked for, else the first that is not English.
func (d *demo) showWords(w http.ResponseWriter, r *http.Request) {
	d.render(w, r, http.StatusOK, "words.html", d.wordsPage(r, review{}))
}

// takeWords hands the review back as a patch file, or shows what is wrong with it.
func (d *demo) takeWords(w http.ResponseWriter, r *http.Request) {
	if !d.parse(w, r, maxReview) {
		return
	}
	said := review{texts: map[string]string{}, remarks: r.PostForm.Get("remarks")}
	for name, values := range r.PostForm {
		if strings.Contains(name, ".") {
			said.texts[name] = values[0]
		}
	}
	name := strings.Join(strings.Fields(r.PostForm.Get("name")), " ")
	p := d.wordsPage(r, said)
	p.Name, p.ReadWhole = name, r.PostForm.Get("whole") != ""
	if p.ReadWhole {
		said.reviewer = name
	}
	file, err := said.patch(p.Language.Tag)
	switch {
	case r.PostForm.Get("lang") != p.Lang:
		p.Wrong = "Choose a language of the list first."
	case p.ReadWhole && name == "":
		p.Wrong = "Write your name: a text is reviewed by somebody."
	case err != nil:
		p.Wrong = "No patch was made: " + err.Error() + ". Words in braces stay as they are."
	}
	if p.Wrong != "" {
		d.render(w, r, http.StatusUnprocessableEntity, "words.html", p)
		return
	}
	w.Header().Set("Content-Type", "text/x-diff; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+p.Language.Tag+`.patch"`)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	if _, err := w.Write([]byte(file)); err != nil {
		d.Log.DebugContext(r.Context(), "demo: patch not delivered", "error", err)
	}
}

func (d *demo) wordsPage(r *http.Request, said review) wordsPage {
	f := frameOf(r, "..")
	f.At = "words"
	p := wordsPage{frame: f, Title: "Read a language", Others: d.languages[1:], Language: d.words[1], Remarks: said.remarks}
	for _, l := range d.words[1:] {
		if l.Tag == f.Lang {
			p.Language = l
		}
	}
	p.Lang = p.Language.Tag
	part := ""
	for _, t := range d.texts {
		if t.Part != part {
			part = t.Part
			p.Parts = append(p.Parts, wordsPart{Title: partTitles[part]})
		}
		key := t.Part + "." + t.Key
		last := &p.Parts[len(p.Parts)-1]
		last.Rows = append(last.Rows, wordsRow{key, t.in(d.words[0]), t.in(p.Language), said.texts[key]})
	}
	return p
}
