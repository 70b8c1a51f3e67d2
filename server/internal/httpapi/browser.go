package httpapi

import (
	"context"
	"net/http"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

// request is a body that can judge its own shape.
type request[T any] interface {
	*T
	Invalid() (member string, code wire.Code)
}

// post makes the handler of a browser route: decode, judge the shape, find the
// page's origin, call the core, answer for that origin.
func post[Body any, Reply any, P request[Body]](a *API, status int, run func(context.Context, P, connect.Visitor) (Reply, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body := P(new(Body))
		if refused, status := decode(w, r, body, mediaJSON, mediaText); refused != nil {
			a.problemStatus(w, r, refused, status)
			return
		}
		if member, code := body.Invalid(); code != "" {
			a.problem(w, r, problem(code, member+" is missing or not of the documented form"))
			return
		}
		origin := originOf(r)
		reply, err := run(r.Context(), body, connect.Visitor{Origin: origin, Address: a.clientOf(r)})
		if err != nil {
			a.problem(w, r, err)
			return
		}
		allow(w, origin)
		writeJSON(w, status, reply)
	}
}

func (a *API) sessions() http.HandlerFunc {
	return post[wire.SessionRequest](a, http.StatusCreated, a.Core.Begin)
}

func (a *API) declines() http.HandlerFunc {
	return post[wire.DeclineRequest](a, http.StatusCreated, a.Core.Decline)
}

func (a *API) captchas() http.HandlerFunc {
	return post[wire.CaptchaRequest](a, http.StatusOK, a.Core.Reload)
}

func (a *API) answers() http.HandlerFunc {
	return post[wire.AnswerRequest](a, http.StatusCreated, a.Core.Answer)
}

// originOf is the page's origin; a POST of a page carries exactly one. Without
// it the request has the empty origin, which no site has.
func originOf(r *http.Request) string {
	if origins := r.Header.Values("Origin"); len(origins) == 1 {
		return origins[0]
	}
	return ""
}

// allow lets the page of this origin, and no other, read the answer.
func allow(w http.ResponseWriter, origin string) {
	h := w.Header()
	h.Add("Vary", "Origin")
	if origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h["Access-Control-Expose-Headers"] = exposed
	}
}

var exposed = []string{"Retry-After, X-Request-Id"}
