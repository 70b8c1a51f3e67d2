// Command build makes web/dist: the wasm, the loader with the styles
// inside, their compressed forms, and the manifest with their hashes.
// It does nothing when the manifest says that the sources are the same. With -npm
// it makes the npm package instead.
//
//	go run ./web/build [-npm]
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"ekycconnect/web/internal/stamp"
)

func main() {
	npm := flag.Bool("npm", false, "make the npm package in web/dist/npm, and nothing else")
	flag.Parse()
	make := run
	if *npm {
		make = runNPM
	}
	if err := make(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	root, err := stamp.Root()
	if err != nil {
		return err
	}
	source, err := stamp.Sources(root)
	if err != nil {
		return err
	}
	dist := filepath.Join(root, "web", "dist")
	if m, ok := current(dist, source); ok {
		report(m, "unchanged")
		return nil
	}
	// The manifest goes first and comes last: a build that was cut short has none.
	if err := os.Remove(filepath.Join(dist, stamp.Manifest)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("build: %w", err)
	}
	if err := os.MkdirAll(dist, 0o755); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	m := stamp.Build{Version: stamp.Version, Source: source}
	wasm, err := compile(root)
	if err != nil {
		return err
	}
	names, err := importNames(root)
	if err != nil {
		return err
	}
	if wasm, err = renameImports(wasm, names); err != nil {
		return err
	}
	if m.Wasm, err = write(dist, stamp.Wasm, wasm); err != nil {
		return err
	}
	css, err := sheet(filepath.Join(root, "web", "src", stamp.Style))
	if err != nil {
		return err
	}
	if m.Style, err = write(dist, stamp.Style, []byte(css)); err != nil {
		return err
	}
	loader, err := bundle(root, m.Wasm, names)
	if err != nil {
		return err
	}
	if m.Loader, err = write(dist, stamp.Loader, loader); err != nil {
		return err
	}
	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dist, stamp.Manifest), append(body, '\n'), 0o644); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	report(m, "built")
	return nil
}

// current reads the manifest and reports whether dist was made from source.
func current(dist, source string) (stamp.Build, bool) {
	body, err := os.ReadFile(filepath.Join(dist, stamp.Manifest))
	if err != nil {
		return stamp.Build{}, false
	}
	m, err := stamp.Parse(body)
	if err != nil || m.Source != source {
		return m, false
	}
	for _, name := range []string{stamp.Loader, stamp.Wasm, stamp.Style} {
		for _, form := range []string{"", ".br", ".gz"} {
			if _, err := os.Stat(filepath.Join(dist, name+form)); err != nil {
				return m, false
			}
		}
	}
	return m, true
}

func report(m stamp.Build, how string) {
	fmt.Printf("widget %s %s: loader %d B brotli (%d plain), wasm %d B brotli (%d plain)\n",
		m.Version, how, m.Loader.Brotli, m.Loader.Plain, m.Wasm.Brotli, m.Wasm.Plain)
}
