// Package stamp says what a build of the widget was made from, so that the
// build can skip itself, and a test can tell that web/dist is out of date.
package stamp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Version is the widget's and the relay's version (semver).
const Version = "0.1.0"

// Names of the files in web/dist; the compressed forms add .br and .gz.
const (
	Loader   = "ekyc-connect.js"
	Wasm     = "ekyc-connect.wasm"
	Style    = "ekyc-connect.css"
	Manifest = "manifest.json"
)

// Build is web/dist/manifest.json.
type Build struct {
	Version string `json:"version"`
	Source  string `json:"source"` // what Sources gave when it was made
	Loader  File   `json:"loader"`
	Wasm    File   `json:"wasm"`
	Style   File   `json:"style"` // what stands in the loader too, and by itself in a fragment
}

// File is one asset. Sizes are in bytes.
type File struct {
	Hash      string `json:"hash"`      // first 8 bytes of the SHA-384, in letters; the folder in its URL
	Integrity string `json:"integrity"` // sha384-…, of the plain form
	Checksum  string `json:"checksum"`  // sha256-…, shorter: the wasm's stands in the loader
	Plain     int    `json:"plain"`
	Gzip      int    `json:"gzip"`
	Brotli    int    `json:"brotli"`
}

// Parse reads a manifest.
func Parse(b []byte) (Build, error) {
	var m Build
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("stamp: %s: %w", Manifest, err)
	}
	return m, nil
}

// Root is the folder of go.mod at or above the working directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("stamp: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("stamp: no go.mod at or above the working directory")
		}
		dir = up
	}
}

// Sources hashes everything that the loader and the wasm are made of: their
// sources, the build program, the modules and the toolchain.
func Sources(root string) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, Version, runtime.Version())
	for _, top := range []string{"go.mod", "go.sum", "wasm", "web/build", "web/internal", "web/src"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return fs.SkipDir
			case d.IsDir(), strings.HasSuffix(path, "_test.go"), strings.HasSuffix(path, ".d.ts"):
				return nil
			}
			body, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(h, "%s %x\n", filepath.ToSlash(name), sha256.Sum256(body))
			return err
		})
		if err != nil {
			return "", fmt.Errorf("stamp: sources: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
