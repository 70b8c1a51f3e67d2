package httpapi

import (
	"bytes"
	"net/http"
	"sync"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/precompressed"
	"ekycconnect/web"
)

// views holds what every view of a notice begins with, compressed in each coding
// when that is first asked for: only the presentation differs from answer to answer, so it
// stands last.
type views struct {
	heads sync.Map // *notice.Notice → *precompressed.Head
}

// write answers with a view as the client's Accept-Encoding likes it. The answer
// must hold nothing that an attacker could guess by its length next to text of
// his own choice: a view echoes nothing of the request.
func (v *views) write(w http.ResponseWriter, r *http.Request, n *notice.Notice, presentation string) error {
	head, err := v.head(n)
	if err != nil {
		return err
	}
	coding := web.Coding(r.Header.Get("Accept-Encoding"))
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	h.Set("Content-Type", "application/json")
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(head.With(coding, []byte(presentation+`"}`))) // base64url and dots
	return nil
}

func (v *views) head(n *notice.Notice) (*precompressed.Head, error) {
	if h, ok := v.heads.Load(n); ok {
		return h.(*precompressed.Head), nil
	}
	body, err := json.Marshal(viewReply{View: n.View, Notice: n.Ref, Languages: n.Languages})
	if err != nil {
		return nil, err
	}
	kept, _ := v.heads.LoadOrStore(n, precompressed.New(bytes.TrimSuffix(body, []byte(`"}`))))
	return kept.(*precompressed.Head), nil
}
