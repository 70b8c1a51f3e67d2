package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"io"
	"net/http"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed src/ekyc-connect.d.ts
var declarations []byte

// types is the widget's declarations, which no build changes: they are compressed
// when they are first asked for.
var types = sync.OnceValue(func() *asset {
	sum := sha256.Sum256(declarations)
	return &asset{
		mediaType: "application/typescript; charset=utf-8",
		etag:      hex.EncodeToString(sum[:8]),
		forms: map[string]func() []byte{
			"":     func() []byte { return declarations },
			"br":   sync.OnceValue(func() []byte { return compressed(func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }) }),
			"gzip": sync.OnceValue(func() []byte { return compressed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }) }),
		},
	}
})

func compressed(open func(io.Writer) io.WriteCloser) []byte {
	var out bytes.Buffer
	w := open(&out)
	_, err := w.Write(declarations)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic("web: types: " + err.Error()) // memory takes everything
	}
	return out.Bytes()
}

// Types serves /v1/ekyc-connect.d.ts, the text of the programming interface, for
// pages that take no package.
func (a *Assets) Types() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		types().serve(w, r, "public, max-age=300, must-revalidate")
	})
}
