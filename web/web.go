// Package web holds what the relay serves to pages: the loader and the wasm,
// made by web/build and embedded. It answers in the form that the browser asks
// for and lets any page on the web read it.
package web

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"ekycconnect/web/internal/stamp"
)

// Not dist/npm, which no page is served from.
//
//go:embed dist/[^n]*
var dist embed.FS

// ErrNotBuilt means that the program was compiled before web/dist was made.
var ErrNotBuilt = errors.New("web: this program holds no widget: run make build")

// Assets is the widget's files. It is safe for concurrent use.
type Assets struct {
	build  stamp.Build
	loader asset
	wasm   asset
	style  asset
}

// Load reads the embedded build. The error is [ErrNotBuilt] when there is none.
func Load() (*Assets, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return load(files)
}

func load(files fs.FS) (*Assets, error) {
	body, err := fs.ReadFile(files, stamp.Manifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotBuilt
	}
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	m, err := stamp.Parse(body)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	a := &Assets{build: m}
	if a.loader, err = open(files, stamp.Loader, "text/javascript; charset=utf-8", m.Loader); err != nil {
		return nil, err
	}
	if a.wasm, err = open(files, stamp.Wasm, "application/wasm", m.Wasm); err != nil {
		return nil, err
	}
	if a.style, err = open(files, stamp.Style, "text/css; charset=utf-8", m.Style); err != nil {
		return nil, err
	}
	return a, nil
}

// Version is the widget's version.
func (a *Assets) Version() string { return a.build.Version }

// LoaderPath is the loader's immutable path, from the root of the relay.
func (a *Assets) LoaderPath() string { return assetPath(stamp.Loader, a.build.Loader) }

// WasmPath is the wasm's immutable path, from the root of the relay.
func (a *Assets) WasmPath() string { return assetPath(stamp.Wasm, a.build.Wasm) }

// LoaderIntegrity is the loader's subresource integrity (sha384-…).
func (a *Assets) LoaderIntegrity() string { return a.build.Loader.Integrity }

// WasmIntegrity is the wasm's hash, as the loader holds it (sha384-…).
func (a *Assets) WasmIntegrity() string { return a.build.Wasm.Integrity }

// Style is the widget's style sheet, as the loader holds it.
func (a *Assets) Style() string { return string(a.style.forms[""]()) }

// StyleHash is the style sheet's hash for a Content-Security-Policy (sha384-…).
func (a *Assets) StyleHash() string { return a.build.Style.Integrity }

// LoaderBrotli is the size of the loader as most browsers get it, in bytes.
func (a *Assets) LoaderBrotli() int { return a.build.Loader.Brotli }

// WasmBrotli is the size of the wasm as most browsers get it, in bytes.
func (a *Assets) WasmBrotli() int { return a.build.Wasm.Brotli }

// Loader serves /v1/ekyc-connect.js: kept by caches for five minutes only, since
// its content changes with the relay's version.
func (a *Assets) Loader() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.loader.serve(w, r, "public, max-age=300, must-revalidate")
	})
}

// Immutable serves /v1/assets/<hash>/<name>, going by the last two parts of the
// path. What is not of this build goes to notFound.
func (a *Assets) Immutable(notFound http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for path, f := range map[string]*asset{a.LoaderPath(): &a.loader, a.WasmPath(): &a.wasm} {
			if strings.HasSuffix(r.URL.Path, path) {
				f.serve(w, r, "public, max-age=31536000, immutable")
				return
			}
		}
		notFound.ServeHTTP(w, r)
	})
}

func assetPath(name string, f stamp.File) string { return "/v1/assets/" + f.Hash + "/" + name }

// Fresh reports that the widget in this program was made from the sources around
// the working directory. Tests call it, so that nobody tests an old widget.
func Fresh() error {
	a, err := Load()
	if err != nil {
		return err
	}
	root, err := stamp.Root()
	if err != nil {
		return err
	}
	source, err := stamp.Sources(root)
	if err != nil {
		return err
	}
	if source != a.build.Source {
		return errors.New("web: the widget in web/dist is older than its sources: run make build")
	}
	return nil
}
