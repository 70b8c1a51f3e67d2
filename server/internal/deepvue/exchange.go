package deepvue

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"

	"ekycconnect/server/internal/consent"
	"ekycconnect/wasm/wire"
)

// exchange is one request and what came back: a response whose body is still to be
// read, or a failure in its place.
type exchange struct {
	endpoint string
	at       time.Time
	response *resty.Response
	failure  error // never shown: it may quote the URL

	connected, insecure atomic.Bool
	trace               httptrace.ClientTrace
}

// send makes one request under a committed consent, and reads no body.
func (c *Client) send(ctx context.Context, over *resty.Client, method string, committed consent.Committed, endpoint string, query map[string]string) *exchange {
	x := &exchange{endpoint: endpoint, at: time.Now()}
	x.trace.GotConn = func(httptrace.GotConnInfo) { x.connected.Store(true) }
	x.trace.TLSHandshakeDone = func(_ tls.ConnectionState, err error) { x.insecure.Store(err != nil) }
	request := over.R().SetContext(httptrace.WithClientTrace(ctx, &x.trace))
	if c.settings.trace != "" {
		request.SetHeader(c.settings.trace, committed.ID())
	}
	x.response, x.failure = request.Execute(method, c.address(endpoint, committed, query))
	return x
}

// address is an endpoint's, with the whole query: resty would merge its parts from three
// maps.
func (c *Client) address(endpoint string, committed consent.Committed, query map[string]string) string {
	a := c.base + endpoint + "?consent=Y&purpose=" + url.QueryEscape(committed.VendorPurpose())
	for name, value := range query {
		a += "&" + name + "=" + url.QueryEscape(value)
	}
	return a
}

// status is that of the response; 0 if there is none.
func (x *exchange) status() int {
	if x.response == nil {
		return 0
	}
	return x.response.StatusCode()
}

// problem is the outcome of this code and class.
func (x *exchange) problem(code wire.Code, class Class) *Error {
	if class == classTransport && x.insecure.Load() {
		class = classTLS
	}
	return &Error{Endpoint: x.endpoint, Code: code, Class: class, Status: x.status(), Sent: x.connected.Load()}
}

// record adds the call to those that were made, unless there was no connection to send
// anything on.
func (x *exchange) record(calls []consent.Call, transactionID string, problem *Error) []consent.Call {
	if !x.connected.Load() {
		return calls
	}
	call := consent.Call{Endpoint: x.endpoint, Result: resultOK, TransactionID: transactionID, At: x.at, Took: time.Since(x.at)}
	if problem != nil {
		call.Result = string(problem.Code)
	}
	return append(calls, call)
}
