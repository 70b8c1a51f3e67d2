package httpapi

import (
	"net/http"
	"strings"

	"ekycconnect/server/internal/receiptpage"
	"ekycconnect/wasm/wire"
)

// receipt shows the page behind a receipt's address, or hands out its files.
func (a *API) receipt(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("capability")
	var err error
	if capability, ok := strings.CutSuffix(name, receiptpage.WithdrawalSuffix); ok {
		err = a.Receipts.File(w, r, capability, true)
	} else if capability, ok := strings.CutSuffix(name, receiptpage.Suffix); ok {
		err = a.Receipts.File(w, r, capability, false)
	} else {
		err = a.Receipts.Show(w, r, name)
	}
	if err != nil {
		seen(w).failed(err)
	}
}

// withdrawByReceipt is the page's one button. The address is the authority; a
// form of another site that somehow knew it is refused all the same.
func (a *API) withdrawByReceipt(w http.ResponseWriter, r *http.Request) {
	if !a.Receipts.Own(r) {
		a.problem(w, r, problem(wire.OriginNotAllowed, "this form belongs to the relay's own page; open the receipt there"))
		return
	}
	if err := a.Receipts.Withdraw(w, r, r.PathValue("capability")); err != nil {
		seen(w).failed(err)
	}
}
