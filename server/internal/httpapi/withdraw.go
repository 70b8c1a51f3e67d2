package httpapi

import (
	"net/http"

	"ekycconnect/server/internal/connect"
)

// withdraw ends a consent at the partner's word.
func (a *API) withdraw(w http.ResponseWriter, r *http.Request, site *connect.Site) {
	if refused, status := decode(w, r, &struct{}{}, mediaJSON); refused != nil {
		a.problemStatus(w, r, refused, status)
		return
	}
	withdrawn, err := a.Core.Withdraw(r.Context(), site, r.PathValue("id"))
	if err != nil {
		a.problem(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Consent connect.Withdrawal `json:"consent"`
	}{withdrawn})
}
