package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/wasm/wire"
)

type partnerHandler func(http.ResponseWriter, *http.Request, *connect.Site)

// authorized admits a partner's back end by its secret. A request with an
// Origin comes from a page, where the secret must never be.
func (a *API) authorized(serve partnerHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header.Values("Origin")) > 0 {
			a.problem(w, r, problem(wire.OriginNotAllowed, "this route is for back ends; a page must not hold the secret"))
			return
		}
		secret := bearer(r)
		site := a.Core.Sites.BackEnd(secret, a.clientOf(r))
		if site == nil {
			refused := problem(wire.Unauthorized, "send the site's secret as Authorization: Bearer sk_…, from one of the site's back_ends if it has any")
			if secret != "" { // none at all is no guess
				refused = cmp.Or(a.Core.WrongSecret(a.clientOf(r)), refused)
			}
			a.problem(w, r, refused)
			return
		}
		seen(w).trail.At(site)
		serve(w, r, site)
	}
}

// tickets mints a ticket that says who a visitor is.
func (a *API) tickets(w http.ResponseWriter, r *http.Request, site *connect.Site) {
	var body struct {
		Purpose string `json:"purpose"`
		Subject string `json:"subject"`
		TTL     *int   `json:"ttl_s"`
	}
	if refused, status := decode(w, r, &body, mediaJSON); refused != nil {
		a.problemStatus(w, r, refused, status)
		return
	}
	life := time.Duration(0)
	if body.TTL != nil {
		life = max(time.Duration(max(0, min(*body.TTL, 1e6)))*time.Second, time.Nanosecond) // 0 was asked for: too short
	}
	ticket, expiresAt, err := a.Core.Ticket(site, body.Purpose, body.Subject, life)
	if err != nil {
		a.problem(w, r, err)
		return
	}
	writeJSON(w, http.StatusCreated, map[string]string{"ticket": ticket, "expires_at": expiresAt})
}

// consentView is a consent as its partner sees it.
type consentView struct {
	Record jsontext.Value `json:"record"`
	Events []eventView    `json:"events"`
	Proof  string         `json:"proof"`
}

type eventView struct {
	Kind          consent.Kind `json:"kind"`
	At            string       `json:"at"`
	Via           consent.Via  `json:"via,omitzero"`
	Endpoint      string       `json:"endpoint,omitzero"`
	Result        string       `json:"result,omitzero"`
	TransactionID string       `json:"transaction_id,omitzero"`
}

// consentView adds the proof to what is known of a record.
func (a *API) consentView(ctx context.Context, r consent.Record) (consentView, error) {
	proof, err := a.Core.Proof(ctx, r)
	v := viewOf(r)
	v.Proof = proof
	return v, err
}

func viewOf(r consent.Record) consentView {
	v := consentView{Record: jsontext.Value("null"), Events: make([]eventView, len(r.Events))}
	if len(r.Body) > 0 { // else it was erased
		v.Record = r.Body
	}
	for i, e := range r.Events {
		v.Events[i] = eventView{e.Kind, connect.Stamp(e.At), e.Via, e.Call.Endpoint, e.Call.Result, e.Call.TransactionID}
	}
	return v
}

func (a *API) consentByID(w http.ResponseWriter, r *http.Request, site *connect.Site) {
	record, err := a.Core.Consent(r.Context(), site, r.PathValue("id"))
	if err != nil {
		a.problem(w, r, err)
		return
	}
	view, err := a.consentView(r.Context(), record)
	if err != nil {
		a.problem(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, view)
}

func (a *API) consentsBySubject(w http.ResponseWriter, r *http.Request, site *connect.Site) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(query["subject"]) != 1 || len(query["limit"]) > 1 || len(query["cursor"]) > 1 {
		a.problem(w, r, problem(wire.InvalidRequest, "the query needs subject exactly once; limit and cursor at most once"))
		return
	}
	limit := 0
	if query.Has("limit") {
		if limit, err = strconv.Atoi(query.Get("limit")); err != nil || limit < 1 || limit > 100 {
			a.problem(w, r, problem(wire.InvalidRequest, "limit must be a number from 1 to 100"))
			return
		}
	}
	records, cursor, err := a.Core.ConsentsOf(r.Context(), site, query.Get("subject"), limit, query.Get("cursor"))
	if err != nil {
		a.problem(w, r, err)
		return
	}
	page := struct {
		Consents []consentView `json:"consents"`
		Cursor   string        `json:"cursor,omitzero"`
	}{make([]consentView, len(records)), cursor}
	for i, record := range records {
		if page.Consents[i], err = a.consentView(r.Context(), record); err != nil {
			a.problem(w, r, err)
			return
		}
	}
	writeJSON(w, http.StatusOK, page)
}
