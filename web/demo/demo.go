// Package demo holds the files of the sandbox's demo: a playground, a bank's
// onboarding form as a partner would write it, and a language beside English for
// who can judge it. server/internal/demo serves them.
package demo

import "embed"

// Files are the templates (*.html), what the pages load, and the code that the
// playground writes (snippets).
//
//go:embed *.html *.css *.js *.svg snippets
var Files embed.FS
