// Package demo holds the files of the sandbox's demo: a playground, and a bank's
// onboarding form as a partner would write it. server/internal/demo serves them.
package demo

import "embed"

// Files are the templates (*.html) and what the pages load.
//
//go:embed *.html *.css *.js *.svg
var Files embed.FS
