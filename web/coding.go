package web

import (
	"strconv"
	"strings"
)

// Coding picks the form of an answer by the lines of Accept-Encoding (RFC 9110 §12.5.3): "br"
// before "gzip" where both are wanted equally, "" for the plain form. A weight of
// 0 refuses a coding; the plain form is given when nothing else is left.
func Coding(accept ...string) string {
	weights := map[string]float64{}
	for item := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, params, _ := strings.Cut(item, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			continue
		}
		if name == "x-gzip" {
			name = "gzip"
		}
		weights[name] = weight(params)
	}
	best, most := "", 0.0
	for _, coding := range []string{"br", "gzip"} {
		q, named := weights[coding]
		if !named {
			q = weights["*"]
		}
		if q > most {
			best, most = coding, q
		}
	}
	// Only a page that prefers the plain form by number gets it.
	if weights["identity"] > most {
		return ""
	}
	return best
}

func weight(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		k, v, ok := strings.Cut(p, "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(k), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || q < 0 || q > 1 {
			return 0
		}
		return q
	}
	return 1
}
