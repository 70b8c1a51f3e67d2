package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/evanw/esbuild/pkg/api"

	"ekycconnect/web/internal/stamp"
)

// packed is the time of every file of a package: as npm's own, long past, so that the
// same sources give the same bytes.
var packed = time.Date(1985, time.October, 26, 8, 15, 0, 0, time.UTC)

// runNPM writes the package of web/npm to web/dist/npm.
func runNPM() error {
	root, err := stamp.Root()
	if err != nil {
		return err
	}
	files, err := packageFiles(root)
	if err != nil {
		return err
	}
	archive, err := tgz(files)
	if err != nil {
		return err
	}
	dir := filepath.Join(root, "web", "dist", "npm")
	if err := os.RemoveAll(dir); err != nil { // a package of another version
		return fmt.Errorf("build: npm: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("build: npm: %w", err)
	}
	name := "ekyc-connect-" + stamp.Version + ".tgz"
	if err := os.WriteFile(filepath.Join(dir, name), archive, 0o644); err != nil {
		return fmt.Errorf("build: npm: %w", err)
	}
	fmt.Printf("web/dist/npm/%s: %d B; npm install takes the file as it is\n", name, len(archive))
	return nil
}

// packageFiles are the files of the package by name: the scripts of web/npm for the
// engines that the widget promises, and what is beside them as it stands but for the version.
func packageFiles(root string) (map[string][]byte, error) {
	source := filepath.Join(root, "web", "npm")
	entries, err := os.ReadDir(source)
	if err != nil {
		return nil, fmt.Errorf("build: npm: %w", err)
	}
	paths := []string{filepath.Join(root, "web", "src", "ekyc-connect.d.ts")}
	for _, entry := range entries {
		paths = append(paths, filepath.Join(source, entry.Name()))
	}
	files := map[string][]byte{}
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasSuffix(name, ".js") {
			files[name], err = script(path)
		} else {
			files[name], err = os.ReadFile(path)
		}
		if err != nil {
			return nil, fmt.Errorf("build: npm: %w", err)
		}
	}
	for _, name := range []string{"package.json", "README.md"} {
		if !bytes.Contains(files[name], []byte("VERSION")) {
			return nil, fmt.Errorf("build: npm: %s names no VERSION", name)
		}
		files[name] = bytes.ReplaceAll(files[name], []byte("VERSION"), []byte(stamp.Version))
	}
	return files, nil
}

// script is a file of the package, to be read by people and by bundlers: a module
// that imports its neighbours and React, and nothing else.
func script(path string) ([]byte, error) {
	res := api.Build(api.BuildOptions{
		EntryPoints: []string{path},
		Bundle:      true,
		External:    []string{"react", "./index.js"},
		Format:      api.FormatESModule,
		Platform:    api.PlatformNeutral,
		Target:      api.ES2021, // Chrome 86, Firefox 101, Safari 16.4, Node 18
		Charset:     api.CharsetUTF8,
	})
	if problems := append(res.Errors, res.Warnings...); len(problems) > 0 {
		text := api.FormatMessages(problems, api.FormatMessagesOptions{Kind: api.ErrorMessage})
		return nil, errors.New(strings.Join(text, "\n"))
	}
	return res.OutputFiles[0].Contents, nil
}

// tgz packs files as npm does, in the order of their names.
func tgz(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	compress, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("build: npm: gzip: %w", err)
	}
	archive := tar.NewWriter(compress)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: "package/" + name, Size: int64(len(files[name])), Mode: 0o644, ModTime: packed, Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("build: npm: %s: %w", name, err)
		}
		if _, err := archive.Write(files[name]); err != nil {
			return nil, fmt.Errorf("build: npm: %s: %w", name, err)
		}
	}
	for _, w := range []io.Closer{archive, compress} {
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("build: npm: %w", err)
		}
	}
	return out.Bytes(), nil
}
