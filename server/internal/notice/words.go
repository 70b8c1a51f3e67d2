package notice

import (
	"maps"
	"strings"
)

// Words are what the relay's own pages say, in every language that is built in.
type Words struct {
	byTag map[string]Language
	offer negotiator
}

// NewWords reads the languages. A page for nobody in particular is shown in a
// draft only if allowDrafts is set; [Words.In] takes any.
func NewWords(allowDrafts bool) (*Words, error) {
	languages, err := Languages()
	if err != nil {
		return nil, err
	}
	w := &Words{byTag: map[string]Language{}}
	var offered []string
	for _, l := range languages {
		w.byTag[l.Tag] = l
		if l.Status == Reviewed || allowDrafts {
			offered = append(offered, l.Tag)
		}
	}
	w.offer = newNegotiator(offered)
	return w, nil
}

// In is the language in which somebody was shown a notice, English if it is no
// longer built in.
func (w *Words) In(tag string) Language {
	if l, ok := w.byTag[tag]; ok {
		return l
	}
	return w.byTag[english]
}

// Best is the language that fits a browser's Accept-Language best.
func (w *Words) Best(acceptLanguage string) Language {
	return w.byTag[w.offer.pick("", acceptLanguage)]
}

// Named gives the texts of one of l's parts with the company's name filled in.
func Named(texts map[string]string, controller string) map[string]string {
	filled := maps.Clone(texts)
	for key, text := range filled {
		filled[key] = strings.ReplaceAll(text, "{controller}", controller)
	}
	return filled
}
