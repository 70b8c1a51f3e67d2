package httpapi

import (
	"bytes"
	"errors"
	"mime"
	"mime/multipart"
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
	question, refused, status := readRedeem(w, r)
	if refused != "" {
		unread(w, status, refused)
		return
	}
	question.From = a.clientOf(r)
	answer, err := a.Core.Redeem(r.Context(), question)
	if err != nil {
		seen(w).failed(err)
		unverified(w, http.StatusServiceUnavailable, connect.Redeemed{ErrorCodes: []string{connect.InternalVerifier}})
		return
	}
	if !answer.Success && answer.ErrorCodes[0] == connect.InvalidSecret {
		if refused := a.Core.WrongSecret(a.clientOf(r)); refused != nil {
			retryAfter(w, refused.RetryAfter)
			unread(w, http.StatusTooManyRequests, "too many wrong secrets from this address")
			return
		}
	}
	if !answer.Success {
		seen(w).verdict = answer.ErrorCodes[0]
	}
	writeJSON(w, http.StatusOK, answer)
}

func (a *API) siteverifyMethod(w http.ResponseWriter, _ *http.Request) {
	unread(w, http.StatusMethodNotAllowed, "this route takes POST")
}

// unread answers what could not be judged; the words are for the log, too.
func unread(w http.ResponseWriter, status int, detail string) {
	seen(w).failed(errors.New(detail))
	unverified(w, status, connect.Redeemed{ErrorCodes: []string{connect.BadRequest}, Detail: detail})
}

func unverified(w http.ResponseWriter, status int, answer connect.Redeemed) {
	seen(w).verdict = answer.ErrorCodes[0]
	writeJSON(w, status, answer)
}

// readRedeem reads a form or a JSON object. If neither can be read, refused says
// why, without a value that was sent. Members that it does not know are ignored,
// as elsewhere in the field.
func readRedeem(w http.ResponseWriter, r *http.Request) (q connect.Redeem, refused string, status int) {
	switch {
	case r.URL.RawQuery != "":
		return q, "a query string stands in logs; send everything in the body", http.StatusBadRequest
	case len(r.Header.Values("Origin")) > 0:
		return q, "the request comes from a page, where no secret is safe; ask from the back end, without an Origin", http.StatusBadRequest
	}
	body, tooLong := read(w, r)
	if tooLong != nil {
		return q, tooLong.Detail, tooLong.Code.Status()
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	switch media {
	case "application/json":
		refused = redeemOfJSON(body, &q)
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if refused = redeemOfForm(form, &q); err != nil {
			refused = "the body is no urlencoded form"
		}
	case "multipart/form-data":
		form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(wire.MaxBody)
		if err != nil {
			return q, "the body is no multipart form with the boundary of its content type", http.StatusBadRequest
		}
		refused = redeemOfForm(form.Value, &q)
	default:
		refused = "content type must be application/json, application/x-www-form-urlencoded or multipart/form-data"
	}
	if refused == "" && q.IdempotencyKey != "" && !wire.Word(q.IdempotencyKey, 1, wire.MaxKey) {
		refused = "idempotency_key needs 1 to 64 characters of A-Z, a-z, 0-9, - and _"
	}
	if q.Secret == "" {
		q.Secret = bearer(r)
	}
	return q, refused, http.StatusBadRequest
}

func redeemOfJSON(body []byte, q *connect.Redeem) (refused string) {
	var members struct {
		Secret         string `json:"secret"`
		Response       string `json:"response"`
		Sitekey        string `json:"sitekey"`
		Subject        string `json:"subject"`
		Peek           bool   `json:"peek"`
		IdempotencyKey string `json:"idempotency_key"`
	}
	if err := json.Unmarshal(body, &members); err != nil || jsontext.Value(body).Kind() != '{' {
		return "the body is not one JSON object with these members" + where(err)
	}
	*q = connect.Redeem{Secret: members.Secret, Response: members.Response, Sitekey: members.Sitekey, Subject: members.Subject,
		Peek: members.Peek, IdempotencyKey: members.IdempotencyKey}
	return ""
}

func redeemOfForm(form url.Values, q *connect.Redeem) (refused string) {
	for name, target := range map[string]*string{
		"secret": &q.Secret, "response": &q.Response, "sitekey": &q.Sitekey,
		"subject": &q.Subject, "idempotency_key": &q.IdempotencyKey,
	} {
		if len(form[name]) > 1 {
			return name + " stands in the form more than once"
		}
		*target = form.Get(name)
	}
	if len(form["peek"]) == 0 {
		return ""
	}
	var err error
	if q.Peek, err = strconv.ParseBool(form.Get("peek")); err != nil || len(form["peek"]) > 1 {
		return "peek needs true or false, once"
	}
	return ""
}

// bearer is the secret of the Authorization header (RFC 6750 §2.1), "" if none.
func bearer(r *http.Request) string {
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(secret)
}
