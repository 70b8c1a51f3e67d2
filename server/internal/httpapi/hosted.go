package httpapi

import (
	"errors"
	"net/http"

	"ekycconnect/server/internal/connect"
)

// hosted begins the flow as a page of plain HTML.
func (a *API) hosted(w http.ResponseWriter, r *http.Request) {
	told(w, a.Hosted.Show(w, r, a.clientOf(r)))
}

// hostedStep takes one of that page's forms.
func (a *API) hostedStep(w http.ResponseWriter, r *http.Request) {
	told(w, a.Hosted.Post(w, r, a.clientOf(r)))
}

// told notes a refusal that a page has told the person, for log and metrics.
func told(w http.ResponseWriter, err error) {
	refused, ok := errors.AsType[*connect.Error](err)
	switch {
	case ok:
		seen(w).refused(refused)
	case err != nil:
		seen(w).failed(err)
	}
}
