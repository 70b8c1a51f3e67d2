package web

import (
	"encoding/json"
	"net/http"
)

// Integrity is the answer of /v1/integrity.json, for pages that pin the loader
// with <script integrity>. Whoever pins the loader pins the wasm too: its hash is
// inside the loader.
type Integrity struct {
	Version string `json:"version"`
	Files   struct {
		Loader Pinned `json:"loader"`
		Wasm   Pinned `json:"wasm"`
	} `json:"files"`
	Style string `json:"style"` // of the <style> in a fragment, for the page's style-src
}

// Pinned is one file of [Integrity].
type Pinned struct {
	URL       string `json:"url"`       // path, with the prefix of the relay's public URL
	Integrity string `json:"integrity"` // sha384-…
}

// Integrity makes the answer. Prefix is the path of the relay's public URL
// without a slash at its end, mostly "".
func (a *Assets) Integrity(prefix string) Integrity {
	i := Integrity{Version: a.Version()}
	i.Files.Loader = Pinned{prefix + a.LoaderPath(), a.LoaderIntegrity()}
	i.Files.Wasm = Pinned{prefix + a.WasmPath(), a.WasmIntegrity()}
	i.Style = a.StyleHash()
	return i
}

// IntegrityJSON serves [Assets.Integrity].
func (a *Assets) IntegrityJSON(prefix string) http.Handler {
	body, err := json.Marshal(a.Integrity(prefix))
	if err != nil {
		panic("web: integrity: " + err.Error()) // strings only: cannot fail
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Type", "application/json")
		if r.Method != http.MethodHead {
			_, _ = w.Write(body)
		}
	})
}
