package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
)

// widget is one of those that are compared, on a page of its own.
type widget struct {
	name, path string
	head, body string // RELAY is replaced
	visible    string // a JavaScript expression: its first use can be made of it
}

var (
	ours = widget{"ekyc-connect", "/ours",
		`<script src="RELAY/v1/ekyc-connect.js" async crossorigin></script>`,
		`<ekyc-connect sitekey="pk_test_pass" purpose="account-opening" required></ekyc-connect>`,
		`document.querySelector('ekyc-connect')?.dataset.state === 'notice' && document.querySelector('ekyc-connect').shadowRoot.querySelector('[data-part=agree]')?.checkVisibility()`}
	// The notice is asked for beside the loader, not after it.
	ahead = widget{"ekyc-connect, the view preloaded", "/ahead",
		`<link rel="preload" as="fetch" crossorigin href="RELAY/v1/view?sitekey=pk_test_pass&amp;purpose=account-opening&amp;lang=en">` + ours.head,
		ours.body, ours.visible}
	altcha = widget{"ALTCHA", "/altcha",
		`<script src="/files/altcha.js" async defer type="module"></script>`,
		`<altcha-widget challenge="/challenge"></altcha-widget>`,
		`document.querySelector('altcha-widget input[type=checkbox]')?.getBoundingClientRect().height > 0`}
	cap_ = widget{"Cap", "/cap",
		`<script src="/files/cap.js" async></script>`,
		`<cap-widget data-cap-api-endpoint="/cap/api/"></cap-widget>`,
		`document.querySelector('cap-widget')?.shadowRoot?.querySelector('[role=button], .captcha')?.getBoundingClientRect().height > 0`}
	nothing = widget{name: "no widget", path: "/nothing"}

	compared = []widget{ours, ahead, altcha, cap_}
)

// newSite serves the pages, and the others' widgets as compressed as ours.
func newSite(l *lab, relay string) (*httptest.Server, error) {
	mux := http.NewServeMux()
	for _, w := range append(slices.Clip(compared), nothing) {
		page := fmt.Sprintf(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A form with a widget">
<title>Open an account</title>
<link rel="icon" href="data:,">
<style>body{margin:24px;font-family:system-ui,sans-serif}ekyc-connect:not(:defined){display:block;min-block-size:34rem}</style>
%s
</head>
<body>
<main>
<h1>Open an account</h1>
<form action="/onboard" method="post">
<p><label>Name <input name="name"></label></p>
%s
<p><button>Continue</button></p>
</form>
</main>
</body>
</html>
`, strings.ReplaceAll(w.head, "RELAY", relay), w.body)
		mux.HandleFunc("GET "+w.path, func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = out.Write([]byte(page))
		})
	}
	for name, file := range map[string]string{
		"altcha.js": "altcha/dist/main/altcha.min.js", "cap.js": "@cap.js/widget/cap.min.js", "cap_wasm.js": "@cap.js/wasm/browser/cap_wasm.js", "cap_wasm_bg.wasm": "@cap.js/wasm/browser/cap_wasm_bg.wasm",
	} {
		text, err := os.ReadFile(filepath.Join(l.node, "node_modules", file))
		if err != nil {
			return nil, err
		}
		var small bytes.Buffer
		w := brotli.NewWriterLevel(&small, brotli.BestCompression)
		if _, err := w.Write(text); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		kind := "text/javascript; charset=utf-8"
		if strings.HasSuffix(name, ".wasm") {
			kind = "application/wasm"
		}
		mux.HandleFunc("GET /files/"+name, func(out http.ResponseWriter, _ *http.Request) {
			h := out.Header()
			h.Set("Content-Type", kind)
			h.Set("Content-Encoding", "br")
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
			_, _ = out.Write(small.Bytes())
		})
	}
	return httptest.NewServer(mux), nil
}
