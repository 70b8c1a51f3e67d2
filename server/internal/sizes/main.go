// Command sizes prints what a page pays for the widget: loader and English view
// before a person can read the notice, the wasm after that. A test holds the
// budget.
package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/precompressed"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
	"ekycconnect/web"
)

// In bytes, compressed by brotli.
const (
	readable = 11 << 10 // loader and English view
	running  = 470_000
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	assets, err := web.Load()
	if err != nil {
		return err
	}
	view, err := english()
	if err != nil {
		return err
	}
	fmt.Printf("brotli: loader %d + English view %d = %d of %d B; wasm %d of %d B\n",
		assets.LoaderBrotli(), view, assets.LoaderBrotli()+view, readable, assets.WasmBrotli(), running)
	return nil
}

// english is the size of an answer of /v1/view.
func english() (int, error) {
	c, err := notice.New(map[string]notice.Purpose{notice.SandboxPurpose: notice.Sandbox()}, notice.Options{AllowDrafts: true, Test: true})
	if err != nil {
		return 0, err
	}
	n, ok := c.Pick(notice.SandboxPurpose, "en", "")
	if !ok {
		return 0, fmt.Errorf("sizes: no notice %s", notice.SandboxPurpose)
	}
	sealed, err := presentation(n)
	if err != nil {
		return 0, err
	}
	body, err := json.Marshal(struct {
		View         jsontext.Value  `json:"view"`
		Notice       wire.NoticeRef  `json:"notice"`
		Languages    []wire.Language `json:"languages"`
		Presentation string          `json:"presentation"`
	}{View: n.View, Notice: n.Ref, Languages: n.Languages})
	if err != nil {
		return 0, fmt.Errorf("sizes: %w", err)
	}
	head := precompressed.New(bytes.TrimSuffix(body, []byte(`"}`)))
	return len(head.With("br", []byte(sealed+`"}`))), nil
}

// presentation is what the relay seals for each answer; it does not compress.
func presentation(n *notice.Notice) (string, error) {
	sealer, err := seal.New([]seal.MasterKey{{ID: "260102030f", Key: make([]byte, 32)}}, time.Now)
	if err != nil {
		return "", fmt.Errorf("sizes: %w", err)
	}
	shown := seal.Presentation{Base: seal.Base{Site: "pk_test_pass", Purpose: notice.SandboxPurpose}, Nonce: rand.Text()[:22]}
	shown.Notice, _ = seal.HashOf(n.Ref.SHA256)
	return sealer.Seal(&shown, 6*time.Hour)
}
