package httpapi

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/go-json-experiment/json"

	"ekycconnect/web"
)

// The levels are where the size curve of a view flattens: brotli 5 gives 3.4
// KB of 9.4, and costs a tenth of level 11.
var (
	brotlis = sync.Pool{New: func() any { return brotli.NewWriterLevel(nil, 5) }}
	gzips   = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}
)

// writeCompressed answers with JSON as the client's Accept-Encoding likes it.
// The answer must hold nothing that an attacker could guess by its length next
// to text of his own choice: a view echoes nothing of the request.
func writeCompressed(w http.ResponseWriter, r *http.Request, value any) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	h.Set("Content-Type", "application/json")
	var out bytes.Buffer
	switch encoding := web.Coding(r.Header.Get("Accept-Encoding")); encoding {
	case "br":
		z := brotlis.Get().(*brotli.Writer)
		defer brotlis.Put(z)
		z.Reset(&out)
		marshalTo(z, value)
		h.Set("Content-Encoding", encoding)
	case "gzip":
		z := gzips.Get().(*gzip.Writer)
		defer gzips.Put(z)
		z.Reset(&out)
		marshalTo(z, value)
		h.Set("Content-Encoding", encoding)
	default:
		writeJSON(w, http.StatusOK, value)
		return
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(out.Bytes())
}

// marshalTo writes value through z into memory, which cannot fail.
func marshalTo(z io.WriteCloser, value any) {
	if err := json.MarshalWrite(z, value); err != nil {
		panic(err)
	}
	_ = z.Close()
}
