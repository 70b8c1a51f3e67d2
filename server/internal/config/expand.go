package config

import (
	"regexp"
	"strings"
)

var reference = regexp.MustCompile(`\$\$|\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

// expand replaces each ${NAME} of a value by the environment's NAME, after the
// YAML was parsed, so that what the environment holds is never read as YAML.
// "$$" stands for one "$". missing names the first variable that is unset or
// empty: an empty secret is never meant.
func expand(value string, env func(string) (string, bool)) (expanded, missing string) {
	expanded = reference.ReplaceAllStringFunc(value, func(found string) string {
		if found == "$$" {
			return "$"
		}
		name := strings.Trim(found, "${}")
		got, ok := env(name)
		if (!ok || got == "") && missing == "" {
			missing = name
		}
		return got
	})
	return expanded, missing
}
