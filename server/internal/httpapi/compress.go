package httpapi

import (
	"bytes"
	"net/http"
	"sync"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/precompressed"
	"ekycconnect/web"
)

// views holds what every view of a notice begins with, compressed in each coding
// when that is first asked for: only the presentation differs from answer to answer, so it
// stands last.
type views struct {
	heads sync.Map // viewHead → *precompressed.Head
}

// viewHead is what a view begins with: that of a page which has painted the notice
// already lacks the view itself.
type viewHead struct {
	of      *notice.Notice
	painted bool
}

// write answers with a view as the client's Accept-Encoding likes it. The answer
// must hold nothing that an attacker could guess by its length next to text of
// his own choice: a view echoes nothing of the request.
//
// have is the SHA-256 of the notice that the page has painted, if any.
func (v *views) write(w http.ResponseWriter, r *http.Request, shown connect.Presented, have string) error {
	head, err := v.head(viewHead{shown.Notice, have == shown.Notice.Ref.SHA256})
	if err != nil {
		return err
	}
	coding := web.Coding(r.Header.Values("Accept-Encoding")...)
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	h.Set("Content-Type", "application/json")
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(head.With(coding, []byte(shown.Presentation+`"}`))) // base64url and dots
	return nil
}

func (v *views) head(of viewHead) (*precompressed.Head, error) {
	if h, ok := v.heads.Load(of); ok {
		return h.(*precompressed.Head), nil
	}
	reply := viewReply{View: of.of.View, Notice: of.of.Ref, Languages: of.of.Languages}
	if of.painted {
		reply.View = nil
	}
	body, err := json.Marshal(reply)
	if err != nil {
		return nil, err
	}
	kept, _ := v.heads.LoadOrStore(of, precompressed.New(bytes.TrimSuffix(body, []byte(`"}`))))
	return kept.(*precompressed.Head), nil
}
