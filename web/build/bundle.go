package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/tdewolff/minify/v2/js"

	"ekycconnect/web/internal/stamp"
)

// bundle makes the loader of web/src/loader.js and what it imports, with the
// styles inside, the wasm's place and hash written in, and what the wasm imports under
// the names that it has there. Any engine since
// Chrome 61 parses it. The variables' names are minify's: esbuild's own make it 3 %
// larger when it is compressed.
func bundle(root string, at stamp.File, names map[string]string) ([]byte, error) {
	res := api.Build(api.BuildOptions{
		EntryPoints:   []string{filepath.Join(root, "web", "src", "loader.js")},
		Bundle:        true,
		Format:        api.FormatIIFE,
		Engines:       []api.Engine{{Name: api.EngineChrome, Version: "61"}},
		Supported:     map[string]bool{"template-literal": true},
		Charset:       api.CharsetUTF8,
		LegalComments: api.LegalCommentsNone,
		MinifySyntax:  true,
		MangleProps:   "_$", // which the loader keeps to itself
		Define: map[string]string{
			"VERSION":        strconv.Quote(stamp.Version),
			"WASM_PATH":      strconv.Quote("/v1/assets/" + at.Hash + "/" + stamp.Wasm),
			"WASM_INTEGRITY": strconv.Quote(at.Checksum),
			"WASM_BUILD":     strconv.Quote(at.Hash),
		},
		Plugins: []api.Plugin{styles()},
	})
	if len(res.Errors) > 0 {
		text := api.FormatMessages(res.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage})
		return nil, errors.New("build: loader: " + strings.Join(text, "\n"))
	}
	source := res.OutputFiles[0].Contents
	for long, short := range names {
		source = bytes.Replace(source, []byte(strconv.Quote(long)+":"), []byte(short+":"), 1)
	}
	var out bytes.Buffer
	m := js.Minifier{Version: 2017} // or it writes newer syntax in place of what esbuild has made
	if err := m.Minify(nil, &out, bytes.NewReader(source), nil); err != nil {
		return nil, fmt.Errorf("build: loader: minify: %w", err)
	}
	// It writes undefined as 0[0], which a page's Object.prototype could have.
	return undefined.ReplaceAll(out.Bytes(), []byte("void 0")), nil
}

var undefined = regexp.MustCompile(`\b0\[0\]`)

// tight finds the spaces that esbuild leaves in custom properties, whose syntax
// it does not know. Ours have no text in which a space counts, but one that is
// empty is nothing but a space in older engines.
var tight = regexp.MustCompile(`([:,]) ([^;}])`)

// styles teaches esbuild to import a sheet as text.
func styles() api.Plugin {
	return api.Plugin{Name: "styles", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `\.css$`}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			text, err := sheet(a.Path)
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderText}, err
		})
	}}
}

// sheet is a style sheet, as small as it gets.
func sheet(path string) (string, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	css := api.Transform(string(body), api.TransformOptions{
		Loader: api.LoaderCSS, Charset: api.CharsetUTF8, MinifyWhitespace: true, MinifySyntax: true, Sourcefile: path,
	})
	if wrong := append(css.Errors, css.Warnings...); len(wrong) > 0 {
		text := api.FormatMessages(wrong, api.FormatMessagesOptions{Kind: api.ErrorMessage})
		return "", errors.New("build: styles: " + strings.Join(text, "\n"))
	}
	return brief(tight.ReplaceAllString(strings.TrimSpace(string(css.Code)), "$1$2")), nil
}

// property finds the names of custom properties that are longer than a letter.
var property = regexp.MustCompile(`--[a-z][a-z-]+`)

// brief gives a sheet's own custom properties names of one letter, in the order in which
// they come: all but those that it uses already. Those of pages, --ekyc-*, stay.
func brief(css string) string {
	names := map[string]string{}
	free := 'a'
	return property.ReplaceAllStringFunc(css, func(name string) string {
		if strings.HasPrefix(name, "--ekyc-") {
			return name
		}
		for names[name] == "" {
			if letter := "--" + string(free); !regexp.MustCompile(letter + `\b`).MatchString(css) {
				names[name] = letter
			}
			free++
		}
		return names[name]
	})
}
