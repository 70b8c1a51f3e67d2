// Package e2e drives the built relay and the built widget in a real browser:
// what a person, a partner's page and a partner's back end do.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"ekycconnect/web"
)

// Shared by all tests: they start in a second each, tests take a tab of their own.
var (
	scratch string // a directory that goes with the last test
	command string // the relay
	common  *sandbox
	browser context.Context
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	if err := web.Fresh(); err != nil {
		return 1, err
	}
	var err error
	if scratch, err = os.MkdirTemp("", "ekyc-connect-e2e-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	command = filepath.Join(scratch, "relay")
	build := exec.Command("go", "build", "-o", command, "ekycconnect/server")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return 1, fmt.Errorf("e2e: go build: %w", err)
	}
	if common, err = launch(); err != nil {
		return 1, fmt.Errorf("e2e: %w", err)
	}
	defer common.stop()
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox,
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		// An origin that the sandbox does not know.
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"),
	)...)
	defer stop()
	var end context.CancelFunc
	browser, end = chromedp.NewContext(allocator)
	defer end()
	if err := chromedp.Run(browser); err != nil {
		return 1, fmt.Errorf("e2e: chromium does not start (make test installs it): %w", err)
	}
	return m.Run(), nil
}
