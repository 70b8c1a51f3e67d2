package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// compile builds the wasm. -s -w drops symbols and DWARF, -gcflags=all=-l turns
// inlining off, which makes the brotli form 6 to 7 % smaller; -buildvcs=false
// keeps the hash the same from commit to commit. The collector of Go before 1.26 is
// 9 KB smaller (server/docs/decisions/0024): a release that no longer has it says so.
func compile(root string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "ekyc-connect-")
	if err != nil {
		return nil, fmt.Errorf("build: wasm: %w", err)
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "out.wasm")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-gcflags=all=-l", "-o", out, "./wasm")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOEXPERIMENT=nogreenteagc")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("build: wasm: go build: %w", err)
	}
	body, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("build: wasm: %w", err)
	}
	return body, nil
}
