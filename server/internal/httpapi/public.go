package httpapi

import (
	_ "embed"
	"net/http"
	"strconv"
)

//go:embed openapi.json
var openAPI []byte

func (a *API) openAPI(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(openAPI)))
	_, _ = w.Write(openAPI)
}

// notice serves the exact bytes of a notice that was ever shown, by their hash.
func (a *API) notice(w http.ResponseWriter, r *http.Request) {
	bytes, err := a.Core.Notice(r.Context(), r.PathValue("sha256"))
	if err != nil {
		a.problem(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Length", strconv.Itoa(len(bytes)))
	_, _ = w.Write(bytes)
}

type health struct {
	Status string   `json:"status"`
	Causes []string `json:"causes,omitzero"` // in words; on the admin listener only
}

// healthz says that the process lives.
func (a *API) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, health{Status: "ok"})
}

// readyz says whether requests should come here.
func (a *API) readyz(w http.ResponseWriter, r *http.Request) {
	status, h := a.readiness(r)
	h.Causes = nil
	writeJSON(w, status, h)
}

func (a *API) readyzInWords(w http.ResponseWriter, r *http.Request) {
	status, h := a.readiness(r)
	writeJSON(w, status, h)
}

func (a *API) readiness(r *http.Request) (int, health) {
	if cause := a.ready(r.Context()); cause != "" {
		return http.StatusServiceUnavailable, health{"unavailable", []string{cause}}
	}
	if causes := a.Degraded(); len(causes) > 0 {
		return http.StatusOK, health{"degraded", causes}
	}
	return http.StatusOK, health{Status: "ready"}
}
