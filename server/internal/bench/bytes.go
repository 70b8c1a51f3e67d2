package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/andybalholm/brotli"
)

var (
	readableBudget = budget{"loader and English view, brotli", "≤ 11 KB (goal 10)"}
	wasmBudget     = budget{"wasm, brotli, and over an empty `syscall/js` program", "≤ 470,000 B, ≤ 1.15 × (goal 1.10)"}
)

// weight is a file as it travels, in bytes.
type weight struct{ plain, gzip, brotli int }

func (w weight) plus(other weight) weight {
	return weight{w.plain + other.plain, w.gzip + other.gzip, w.brotli + other.brotli}
}

func (w weight) cells(name string) []string {
	return []string{name, grouped(w.plain), grouped(w.gzip), grouped(w.brotli)}
}

// grouped writes a number with its thousands apart.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// shipped are the others' files, minified as their packages have them.
var shipped = []struct{ name, file string }{
	{"altcha, `main/altcha.min.js`", "altcha/dist/main/altcha.min.js"},
	{"@cap.js/widget, `cap.min.js`", "@cap.js/widget/cap.min.js"},
	{"@cap.js/wasm, which Cap's widget fetches", "@cap.js/wasm/browser/cap_wasm_bg.wasm"},
	{"friendly-challenge, `widget.module.min.js`", "friendly-challenge/widget.module.min.js"},
	{"@friendlycaptcha/sdk, `site.min.js`", "@friendlycaptcha/sdk/site.min.js"},
	{"@hcaptcha/loader, `browser.js`, which loads the rest", "@hcaptcha/loader/dist/browser.js"},
}

// measureBytes compares what a page fetches.
func measureBytes(ctx context.Context, l *lab, s *section) error {
	p, err := l.start(ctx, l.relay, "serve", "--sandbox", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer p.stop()
	loader, err := served(ctx, p.URL+"/v1/ekyc-connect.js")
	if err != nil {
		return err
	}
	view, err := served(ctx, p.URL+"/v1/view?sitekey=pk_test_pass&purpose=account-opening&lang=en")
	if err != nil {
		return err
	}
	wasm, err := weigh(filepath.Join(l.root, "web", "dist", "ekyc-connect.wasm"))
	if err != nil {
		return err
	}
	first := loader.plus(view)
	s.judge(readableBudget, first.brotli <= 11<<10, "%s B", grouped(first.brotli))
	floor, err := l.emptyProgram(ctx)
	if err != nil {
		return err
	}
	over := float64(wasm.brotli) / float64(floor.brotli)
	s.judge(wasmBudget, wasm.brotli <= 470_000 && over <= 1.15, "%s B, %.3f ×", grouped(wasm.brotli), over)

	rows := [][]string{{"bytes", "plain", "gzip", "brotli"}, loader.cells("loader"), view.cells("English view"),
		first.cells("**until the notice can be read**"), wasm.cells("wasm, beside the view at low priority"), floor.cells("an empty Go program that imports `syscall/js`")}
	if err := l.packages(ctx); err != nil {
		return err
	}
	for _, other := range shipped {
		w, err := weigh(filepath.Join(l.node, "node_modules", other.file))
		if err != nil {
			return err
		}
		rows = append(rows, w.cells(other.name))
	}
	s.line("What a page fetches; ours as the relay serves it, the others' files from npm as they ship them (gzip 9, brotli 11). Ours shows a whole notice in the person's language; theirs a box to tick, and hCaptcha's and Friendly's load more from their servers.")
	s.table(rows...)
	return nil
}

// served is an answer in each coding.
func served(ctx context.Context, url string) (w weight, err error) {
	for coding, size := range map[string]*int{"identity": &w.plain, "gzip": &w.gzip, "br": &w.brotli} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return w, err
		}
		request.Header.Set("Accept-Encoding", coding)
		request.Header.Set("Origin", "http://localhost:3000")
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			return w, err
		}
		n, err := io.Copy(io.Discard, answer.Body)
		if err := answer.Body.Close(); err != nil {
			return w, err
		}
		if got := answer.Header.Get("Content-Encoding"); err != nil || answer.StatusCode != http.StatusOK || got != coding && coding != "identity" {
			return w, fmt.Errorf("%s: status %d, coding %q for %q: %w", url, answer.StatusCode, got, coding, err)
		}
		*size = int(n)
	}
	return w, nil
}

// weigh compresses a file as hard as can be.
func weigh(path string) (w weight, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return w, err
	}
	var gz, br bytes.Buffer
	zip, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
	if err != nil {
		return w, err
	}
	brot := brotli.NewWriterOptions(&br, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 24})
	for _, out := range []io.WriteCloser{zip, brot} {
		if _, err := out.Write(text); err != nil {
			return w, err
		}
		if err := out.Close(); err != nil {
			return w, err
		}
	}
	return weight{len(text), gz.Len(), br.Len()}, nil
}

// emptyProgram weighs what no Go program in a page can do without, built with the
// widget's flags.
func (l *lab) emptyProgram(ctx context.Context) (weight, error) {
	dir, err := l.directory("empty")
	if err != nil {
		return weight{}, err
	}
	for name, text := range map[string]string{
		"go.mod":  "module empty\n\ngo 1.26\n",
		"main.go": "package main\n\nimport \"syscall/js\"\n\nfunc main() { js.Global().Get(\"x\"); select {} }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return weight{}, err
		}
	}
	out := filepath.Join(dir, "out.wasm")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-gcflags=all=-l", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=", "GOEXPERIMENT=nogreenteagc")
	if text, err := cmd.CombinedOutput(); err != nil {
		return weight{}, fmt.Errorf("build an empty program: %w: %s", err, text)
	}
	return weigh(out)
}
