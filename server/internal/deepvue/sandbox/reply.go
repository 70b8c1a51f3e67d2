package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
)

// reply is the body of a 200.
type reply struct {
	Code          int    `json:"code"`
	Timestamp     int64  `json:"timestamp"` // ms since 1970
	TransactionID string `json:"transaction_id"`
	SubCode       string `json:"sub_code,omitzero"`
	Message       string `json:"message,omitzero"`
	Data          any    `json:"data,omitempty"`
}

func succeed(w http.ResponseWriter, r reply) {
	r.Code = http.StatusOK
	write(w, http.StatusOK, stamped(r))
}

// stamped is a body with what is new in each.
func stamped(r reply) reply {
	r.Timestamp = time.Now().UnixMilli()
	r.TransactionID = hexID()
	return r
}

// refuse answers with a detail in words, as documented.
func refuse(w http.ResponseWriter, status int, detail string) {
	write(w, status, struct {
		Detail string `json:"detail"`
	}{detail})
}

// missing is one entry of a 422 that lists what a request lacks.
type missing struct {
	Loc  []string `json:"loc"`
	Msg  string   `json:"msg"`
	Type string   `json:"type"`
}

// accepted judges the part of the query that all endpoints share: every
// parameter there, consent=Y. The vendor says that anything else is rejected,
// not with which body.
func accepted(w http.ResponseWriter, r *http.Request, needs []string) bool {
	query := r.URL.Query()
	var lacks []missing
	for _, name := range needs {
		if query.Get(name) == "" {
			lacks = append(lacks, missing{[]string{"query", name}, "field required", "value_error.missing"})
		}
	}
	if lacks != nil {
		write(w, http.StatusUnprocessableEntity, struct {
			Detail []missing `json:"detail"`
		}{lacks})
		return false
	}
	if query.Get("consent") != "Y" {
		refuse(w, http.StatusUnprocessableEntity, "Invalid consent, must be Y")
		return false
	}
	return true
}

func write(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic("sandbox: " + err.Error()) // only this package's own types come here
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b)
}

// hexID is an id as the vendor makes them: 32 hex digits.
func hexID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
