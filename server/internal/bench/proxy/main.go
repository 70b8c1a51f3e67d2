// Command proxy is the least that could stand in the relay's place: it adds the
// vendor's credentials to what comes and passes it on, with no consent, no record
// and no check. The relay's speed is measured against it.
package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "proxy:", err)
		os.Exit(1)
	}
}

func run(vendor string) error {
	to, err := url.Parse(vendor)
	if err != nil {
		return err
	}
	// The default keeps two idle connections: the rest would be dialled anew.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 256, 256
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf(`{"url":"http://%s"}`+"\n", listener.Addr())
	return http.Serve(listener, &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Header.Set("client-id", "sandbox")
		r.Out.Header.Set("x-api-key", "sandbox")
	}})
}
