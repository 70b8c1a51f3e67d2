package web

import (
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"ekycconnect/web/internal/stamp"
)

// asset is one file in the three forms in which it is served.
type asset struct {
	mediaType string
	etag      string                   // of the plain form; the others add the coding's name
	forms     map[string]func() []byte // by content coding; "" is the plain form
}

// open reads a form when it is first asked for: the wasm's plain form, megabytes, is
// for hardly anybody.
func open(files fs.FS, name, mediaType string, f stamp.File) (asset, error) {
	a := asset{mediaType: mediaType, etag: f.Hash, forms: map[string]func() []byte{}}
	for coding, form := range map[string]struct {
		suffix string
		size   int
	}{"": {"", f.Plain}, "br": {".br", f.Brotli}, "gzip": {".gz", f.Gzip}} {
		info, err := fs.Stat(files, name+form.suffix)
		if err != nil {
			return a, fmt.Errorf("web: %w", err)
		}
		if info.Size() != int64(form.size) {
			return a, fmt.Errorf("web: %s is not the file of the manifest: run make build", name+form.suffix)
		}
		a.forms[coding] = sync.OnceValue(func() []byte {
			body, err := fs.ReadFile(files, name+form.suffix)
			if err != nil {
				panic("web: " + err.Error()) // it was there, and is part of the program
			}
			return body
		})
	}
	return a, nil
}

// serve answers GET and HEAD. Pages on any origin may read the file, by script
// too. There is no Cross-Origin-Opener-Policy: it would cut a page that opens
// the relay from its window.
func (a *asset) serve(w http.ResponseWriter, r *http.Request, cache string) {
	coding := Coding(r.Header.Values("Accept-Encoding")...)
	etag := `"` + a.etag + `"`
	if coding != "" {
		etag = `"` + a.etag + "-" + coding + `"`
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Timing-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", cache)
	h.Set("ETag", etag)
	if matches(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.forms[coding]()
	h.Set("Content-Type", a.mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a reader that went away
	}
}

// matches is the weak comparison that RFC 9110 §13.1.2 asks for.
func matches(header []string, etag string) bool {
	for t := range strings.SplitSeq(strings.Join(header, ","), ",") {
		if t = strings.TrimSpace(t); t == "*" || strings.TrimPrefix(t, "W/") == etag {
			return true
		}
	}
	return false
}
