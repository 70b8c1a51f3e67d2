package config

import (
	"reflect"
	"slices"
	"strings"
)

// fields gives the settable fields of a struct by their names in YAML.
func fields(v reflect.Value) map[string]reflect.Value {
	found := map[string]reflect.Value{}
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline"):
			for key, field := range fields(v.Field(i)) {
				found[key] = field
			}
		case name != "" && name != "-":
			found[name] = v.Field(i)
		}
	}
	return found
}

func names(v reflect.Value) []string {
	var all []string
	for name := range fields(v) {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// nearest advises what may have been meant by the unknown name given.
func nearest(given string, known []string) string {
	best, distance := "", 3
	for _, name := range known {
		if d := edits(given, name); d < distance {
			best, distance = name, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return "known here: " + strings.Join(known, ", ")
}

// edits is the Levenshtein distance of two short ASCII names.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// Alike reports whether two names differ by a typing error, and do differ.
func Alike(a, b string) bool { d := edits(a, b); return d == 1 || d == 2 }
