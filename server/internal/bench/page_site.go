package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"
)

// widget is one of those that are compared, on a page of its own.
type widget struct {
	name, path string
	head, body string // RELAY, FRAGMENT and APART, the rivals' own host, are replaced
	visible    string // a JavaScript expression: it can be read, or its first use be made of it
}

const agreeShown = `document.querySelector('ekyc-connect')?.shadowRoot?.querySelector('[data-part=agree]')?.checkVisibility()`

var (
	ours = widget{"ekyc-connect", "/ours",
		`<script src="RELAY/v1/ekyc-connect.js" async crossorigin></script>`,
		`<ekyc-connect sitekey="pk_test_pass" purpose="account-opening" required></ekyc-connect>`,
		agreeShown}
	// The notice is asked for beside the loader, not after it.
	ahead = widget{"ekyc-connect, the view preloaded", "/ahead",
		`<link rel="preload" as="fetch" crossorigin href="RELAY/v1/view?sitekey=pk_test_pass&amp;purpose=account-opening&amp;lang=en">` + ours.head,
		ours.body, ours.visible}
	// The notice is in the page.
	within = widget{"ekyc-connect, as a fragment", "/fragment", ours.head, "FRAGMENT", ours.visible}
	altcha = widget{"ALTCHA", "/altcha",
		`<script src="/files/altcha.js" async defer type="module"></script>`,
		`<altcha-widget challenge="/challenge"></altcha-widget>`,
		`document.querySelector('altcha-widget input[type=checkbox]')?.getBoundingClientRect().height > 0`}
	cap_ = widget{"Cap", "/cap",
		`<script src="/files/cap.js" async></script>`,
		`<cap-widget data-cap-api-endpoint="/cap/api/"></cap-widget>`,
		`document.querySelector('cap-widget')?.shadowRoot?.querySelector('[role=button], .captcha')?.getBoundingClientRect().height > 0`}
	nothing = widget{name: "no widget", path: "/nothing"}

	compared = []widget{ours, ahead, within, altcha, cap_, altcha.apart(), cap_.apart()}
)

// apart is the widget whose script comes from a host of its own, as ours does.
func (w widget) apart() widget {
	w.name += ", from a host of its own"
	w.path += "-apart"
	w.head = strings.Replace(w.head, `src="/files/`, `crossorigin src="APART/files/`, 1)
	return w
}

// hosts is where a page finds what it names.
type hosts struct{ relay, apart string }

// pages serves a form with each widget.
func pages(at hosts, fragment string) (http.Handler, error) {
	mux := http.NewServeMux()
	fill := strings.NewReplacer("RELAY", at.relay, "APART", at.apart, "FRAGMENT", fragment)
	for _, w := range append(compared[:len(compared):len(compared)], nothing) {
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
`, fill.Replace(w.head), fill.Replace(w.body))
		if err := serve(mux, w.path, "text/html; charset=utf-8", []byte(page)); err != nil {
			return nil, err
		}
	}
	return mux, nil
}

// rivals adds the others' widgets, as compressed as ours.
func (l *lab) rivals(mux *http.ServeMux) error {
	for name, file := range map[string]string{
		"altcha.js": "altcha/dist/main/altcha.min.js", "cap.js": "@cap.js/widget/cap.min.js", "cap_wasm.js": "@cap.js/wasm/browser/cap_wasm.js", "cap_wasm_bg.wasm": "@cap.js/wasm/browser/cap_wasm_bg.wasm",
	} {
		text, err := os.ReadFile(filepath.Join(l.node, "node_modules", file))
		if err != nil {
			return err
		}
		kind := "text/javascript; charset=utf-8"
		if strings.HasSuffix(name, ".wasm") {
			kind = "application/wasm"
		}
		if err := serve(mux, "/files/"+name, kind, text); err != nil {
			return err
		}
	}
	return nil
}

// serve adds a file, which a browser may keep unless it is a page.
func serve(mux *http.ServeMux, path, kind string, text []byte) error {
	var brief bytes.Buffer
	w := brotli.NewWriterLevel(&brief, brotli.BestCompression)
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	mux.HandleFunc("GET "+path, func(out http.ResponseWriter, r *http.Request) {
		h := out.Header()
		h.Set("Content-Type", kind)
		h.Set("Access-Control-Allow-Origin", "*")
		if !strings.HasPrefix(kind, "text/html") {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "br") { // plain http from elsewhere than this machine
			_, _ = out.Write(text)
			return
		}
		h.Set("Content-Encoding", "br")
		_, _ = out.Write(brief.Bytes())
	})
	return nil
}

// fragment is the painted notice, as a partner's server gets it.
func fragment(ctx context.Context, relay string) (string, error) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, relay+"/v1/fragments?purpose=account-opening&lang=en&required", nil)
	if err != nil {
		return "", err
	}
	ask.Header.Set("Authorization", "Bearer sk_test_pass")
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("fragment: status %d: %w", answer.StatusCode, err)
	}
	return string(text), nil
}
