package deepvue_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/script"
	"ekycconnect/wasm/wire"
)

// written is everything that a program could print of a call.
type written struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *written) Write(p []byte) (int, error) { w.print(string(p)); return len(p), nil }

func (w *written) print(values ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range values {
		fmt.Fprintf(&w.text, "%v %+v %#v\n", v, v, v)
	}
}

// trace prints what net/http tells of its work, and the stack at each step, as a
// panic there would.
func (w *written) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:              func(hostPort string) { w.print(hostPort, string(debug.Stack())) },
		GotConn:              func(httptrace.GotConnInfo) { w.print(string(debug.Stack())) },
		DNSDone:              func(i httptrace.DNSDoneInfo) { w.print(i) },
		ConnectDone:          func(network, addr string, err error) { w.print(network, addr, err) },
		TLSHandshakeDone:     func(_ tls.ConnectionState, err error) { w.print(err) },
		WroteHeaderField:     func(key string, values []string) { w.print(key, values) },
		WroteRequest:         func(i httptrace.WroteRequestInfo) { w.print(i.Err, string(debug.Stack())) },
		GotFirstResponseByte: func() { w.print(string(debug.Stack())) },
	}
}

// Whatever the vendor does, number, OTP and person are in nothing that can be printed.
func TestNumberOTPAndPersonAreWrittenNowhere(t *testing.T) {
	committed := newDecisions(t).give("main")
	all := new(written)
	log.SetOutput(all)
	defer log.SetOutput(os.Stderr)
	defaultLog := slog.Default()
	debugLog := slog.New(slog.NewJSONHandler(all, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	slog.SetDefault(debugLog)
	defer slog.SetDefault(defaultLog)

	option, left := deepvue.Room(64 << 20)
	ctx := httptrace.WithClientTrace(t.Context(), all.trace())
	turn := func(context.Context) error { all.print(string(debug.Stack())); return nil }
	play := func(name, url string, opts ...deepvue.Option) {
		opts = append([]deepvue.Option{option}, opts...)
		c := newClient(t, url, opts...)
		said, calls, err := c.GenerateOTP(ctx, committed, session, letters, number, turn)
		tell(all, debugLog, said, calls, err)
		person, calls, err := c.VerifyOTP(ctx, committed, session, otp, turn)
		all.print(person)
		debugLog.Debug("verified", "person", person)
		if person != nil {
			said = person.Said
			defer person.Close()
		}
		tell(all, debugLog, said, calls, err)
	}
	for _, row := range script.Rows() {
		opts := []deepvue.Option{}
		if row.Slow {
			opts = append(opts, deepvue.OTPDeadline(100*time.Millisecond))
		}
		v := newVendor(t, row.Answer)
		play(row.Name, v.URL, opts...)
		text := all.text.String()
		for _, canary := range []string{number, number[:4] + " " + number[4:8], "anary Person", "canary-photo", session, letters, "aadhaar_number"} {
			require.NotContains(t, text, canary, row.Name)
		}
		require.NotRegexp(t, sentOTP, text, row.Name)
		all.text.Reset()
	}
	for _, place := range script.Places(t) {
		play(place.Name, place.URL)
		for _, canary := range []string{number, session, "aadhaar_number"} {
			require.NotContains(t, all.text.String(), canary, place.Name)
		}
		require.NotRegexp(t, sentOTP, all.text.String(), place.Name)
	}
	require.EqualValues(t, 64<<20, left(), "nothing is held any more")
}

// sentOTP is the OTP by itself: six digits stand by chance within an address of a stack, or
// in the fraction of a time.
var sentOTP = regexp.MustCompile(`(^|[^0-9a-fx.])` + otp + `([^0-9a-f]|$)`)

// tell prints what the core has in hand, as carelessly as can be.
func tell(all *written, log *slog.Logger, said deepvue.Said, calls []consent.Call, err error) {
	all.print(said, calls, err)
	log.Debug("called", "said", said, "calls", calls, "err", err)
	words := []deepvue.Said{said}
	if e, ok := err.(*deepvue.Error); ok && e.Said != nil {
		words = append(words, *e.Said)
		all.print(*e)
	}
	for _, s := range words {
		all.print(s.Status, s.Code, s.SubCode, s.Message, s.TransactionID, s.Timestamp)
	}
}

func TestOTPCallsGoByHTTP1AndTheOthersByHTTP2(t *testing.T) {
	committed := newDecisions(t).give("main")
	var protos []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protos = append(protos, r.Proto)
		say(200, good())(w, r, 1)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	c := newClient(t, server.URL, deepvue.RootCAs(roots))
	_, _, err := c.Connect(t.Context(), committed, deepvue.AtMost(1))
	require.NoError(t, err)
	each(t.Context(), c, committed, always, func(_ string, _ deepvue.Said, _ string, _ []consent.Call, err error) { require.NoError(t, err) })
	require.Equal(t, []string{"HTTP/2.0", "HTTP/1.1", "HTTP/1.1"}, protos)
}

func TestAnswersAreHeldOnlyAsLongAsThereIsRoom(t *testing.T) {
	committed := newDecisions(t).give("main")
	v := newVendor(t, say(200, `{"code":200,"data":`+script.Person+`}`))
	option, left := deepvue.Room(128 << 10)
	c := newClient(t, v.URL, option)
	verify := func() (*deepvue.Verified, []consent.Call, error) {
		return c.VerifyOTP(t.Context(), committed, session, otp, always)
	}
	first, _, err := verify()
	require.NoError(t, err)
	second, _, err := verify()
	require.NoError(t, err)
	require.Zero(t, left())

	_, calls, err := verify()
	e := asError(t, err)
	require.Equal(t, script.Outcome{Code: wire.VendorUnavailable, Class: "answers_full"}, script.Outcome{Code: e.Code, Class: e.Class})
	require.False(t, e.Sent)
	require.Empty(t, calls)
	require.EqualValues(t, 2, v.Calls.Load(), "what has no room is not sent")

	first.Close()
	first.Close()
	require.EqualValues(t, 64<<10, left())
	third, _, err := verify()
	require.NoError(t, err)
	third.Close()
	second.Close()
	require.EqualValues(t, 128<<10, left())
}

func TestAnAnswerThatOutgrowsTheRoomIsAClearError(t *testing.T) {
	committed := newDecisions(t).give("main")
	v := newVendor(t, say(200, `{"code":200,"data":{"photo":"`+strings.Repeat("/9j/", 60<<10)+`"}}`))
	option, left := deepvue.Room(300 << 10)
	_, calls, err := newClient(t, v.URL, option).VerifyOTP(t.Context(), committed, session, otp, always)
	e := asError(t, err)
	require.Equal(t, script.Outcome{Code: wire.VendorUnknown, Class: "answers_full"}, script.Outcome{Code: e.Code, Class: e.Class})
	require.True(t, e.Sent)
	require.Len(t, calls, 1)
	require.EqualValues(t, 300<<10, left())
	option, left = deepvue.Room(1 << 20)
	person, _, err := newClient(t, v.URL, option).VerifyOTP(t.Context(), committed, session, otp, always)
	require.NoError(t, err)
	require.EqualValues(t, 1<<20-256<<10, left(), "as much as the answer takes")
	require.True(t, bytes.HasPrefix(person.Data(), []byte(`{"photo":"/9j/`)))
	person.Close()
	require.EqualValues(t, 1<<20, left())
}
