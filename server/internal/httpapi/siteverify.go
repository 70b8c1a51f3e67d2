package httpapi

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

// siteverify redeems a token for a partner's back end. It follows the shape
// that captcha services share, so its answers are never problems.
func (a *API) siteverify(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" || len(r.Header.Values("Origin")) > 0 {
		unverified(w, http.StatusBadRequest, connect.BadRequest)
		return
	}
	question, status := readRedeem(w, r)
	if status != 0 {
		unverified(w, status, connect.BadRequest)
		return
	}
	answer, err := a.Core.Redeem(r.Context(), question)
	if err != nil {
		seen(w).failed(err)
		unverified(w, http.StatusServiceUnavailable, connect.InternalVerifier)
		return
	}
	if !answer.Success && answer.ErrorCodes[0] == connect.InvalidSecret {
		if refused := a.Core.Spare(a.Core.Limits.WrongSecrets, a.clientOf(r)); refused != nil {
			retryAfter(w, refused.RetryAfter)
			unverified(w, http.StatusTooManyRequests, connect.BadRequest)
			return
		}
	}
	if !answer.Success {
		seen(w).verdict = answer.ErrorCodes[0]
	}
	writeJSON(w, http.StatusOK, answer)
}

func (a *API) siteverifyMethod(w http.ResponseWriter, _ *http.Request) {
	unverified(w, http.StatusMethodNotAllowed, connect.BadRequest)
}

func unverified(w http.ResponseWriter, status int, code string) {
	seen(w).verdict = code
	writeJSON(w, status, connect.Redeemed{ErrorCodes: []string{code}})
}

// readRedeem reads a form or a JSON object; status is not 0 if neither can be
// read. Members that it does not know are ignored, as elsewhere in the field.
func readRedeem(w http.ResponseWriter, r *http.Request) (q connect.Redeem, status int) {
	body, refused := read(w, r)
	if refused != nil {
		return q, refused.Code.Status()
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return q, http.StatusBadRequest
	}
	var ok bool
	switch media {
	case "application/json":
		ok = redeemOfJSON(body, &q)
	case "application/x-www-form-urlencoded":
		ok = redeemOfForm(string(body), &q)
	}
	if !ok || q.IdempotencyKey != "" && !wire.Word(q.IdempotencyKey, 1, wire.MaxKey) {
		return q, http.StatusBadRequest
	}
	if q.Secret == "" {
		q.Secret = bearer(r)
	}
	return q, 0
}

func redeemOfJSON(body []byte, q *connect.Redeem) bool {
	var members struct {
		Secret         string `json:"secret"`
		Response       string `json:"response"`
		Sitekey        string `json:"sitekey"`
		Subject        string `json:"subject"`
		Peek           bool   `json:"peek"`
		IdempotencyKey string `json:"idempotency_key"`
	}
	if json.Unmarshal(body, &members) != nil || jsontext.Value(body).Kind() != '{' {
		return false
	}
	*q = connect.Redeem(members)
	return true
}

func redeemOfForm(body string, q *connect.Redeem) bool {
	form, err := url.ParseQuery(body)
	if err != nil {
		return false
	}
	for name, target := range map[string]*string{
		"secret": &q.Secret, "response": &q.Response, "sitekey": &q.Sitekey,
		"subject": &q.Subject, "idempotency_key": &q.IdempotencyKey,
	} {
		if len(form[name]) > 1 {
			return false // which one would count?
		}
		*target = form.Get(name)
	}
	if len(form["peek"]) == 0 {
		return true
	}
	q.Peek, err = strconv.ParseBool(form.Get("peek"))
	return err == nil && len(form["peek"]) == 1
}

// bearer is the secret of the Authorization header (RFC 6750 §2.1), "" if none.
func bearer(r *http.Request) string {
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(secret)
}
