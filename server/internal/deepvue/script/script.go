// Package script holds, for tests, what a vendor can answer and what the relay
// must make of it: every documented answer, and every way to break one. A new
// case is a row. The vendor's client is tested with the rows, and so is the
// whole relay.
//
// Documented answers: https://docs.deepvue.ai/errors.
package script

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"ekycconnect/server/internal/deepvue"
	"ekycconnect/wasm/wire"
)

// Row is one answer of the vendor, the same at every call of every endpoint, and what
// comes of it.
type Row struct {
	Name   string
	Answer Answer
	Code   wire.Code     // of connect and reload-captcha; empty: a picture
	Status int           // the vendor's; 0 if none was read
	Class  deepvue.Class // the finer cause
	Tries  int           // HTTP calls that were made for a picture; 1 if zero, none if negative
	After  time.Duration // how long the vendor asks to stay away
	Slow   bool          // only a deadline ends it

	OTP    Outcome // of generate-otp, which is never called twice
	Verify Outcome // of verify-otp, where it is another one
	Says   string  // what the partner is told in the vendor's words, where that is held
}

// Outcome is what comes of an OTP call. The zero value: all went well.
type Outcome struct {
	Code  wire.Code
	Class deepvue.Class
}

// Verified is what comes of verify-otp.
func (r Row) Verified() Outcome {
	if r.Verify != (Outcome{}) {
		return r.Verify
	}
	return r.OTP
}

// Outcomes that many rows have.
var (
	refused  = Outcome{wire.VendorRefused, "refused"}
	rejected = Outcome{wire.VendorRejected, "credentials"}
	busy     = Outcome{wire.VendorBusy, "rate_limit"}
)

func unknown(class deepvue.Class) Outcome { return Outcome{wire.VendorUnknown, class} }

// Calls is how many HTTP calls were made: those for which there was a connection.
func (r Row) Calls() int {
	if r.Tries < 0 {
		return 0
	}
	return max(r.Tries, 1)
}

// Deadline for one operation with this row: long enough for a slow machine to come to
// where the vendor falls silent, and where it does not, for all of it.
func (r Row) Deadline() time.Duration {
	if r.Slow {
		return 2 * time.Second
	}
	return time.Minute
}

// Rows are all rows that a server can play.
func Rows() []Row { return slices.Concat(Documented, Broken, Accepted, Verifying, Refusing) }

// Vendor is a server that plays an answer and counts what arrives.
type Vendor struct {
	*httptest.Server
	Calls atomic.Int32
}

// NewVendor runs a vendor until the test ends.
func NewVendor(t testing.TB, answer Answer) *Vendor {
	t.Helper()
	v := new(Vendor)
	v.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, int(v.Calls.Add(1)))
	}))
	v.Config.ErrorLog = log.New(io.Discard, "", 0)
	v.Start()
	t.Cleanup(v.Close)
	return v
}
