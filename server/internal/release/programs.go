package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// target is a system that programs are made for.
type target struct{ os, arch string }

var targets = []target{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}}

// program is where the program for a system is.
func (m *maker) program(t target) string {
	return filepath.Join(m.out, fmt.Sprintf("relay_%s_%s_%s", m.version(), t.os, t.arch))
}

// programs builds the widget and then, with it, static programs.
func (m *maker) programs(ctx context.Context) error {
	if err := m.run(ctx, m.source, nil, "go", "run", "./web/build"); err != nil {
		return err
	}
	for _, t := range targets {
		env := []string{"CGO_ENABLED=0", "GOOS=" + t.os, "GOARCH=" + t.arch}
		// The archive names the commit; symbols stay, for profiles and panics.
		if err := m.run(ctx, m.source, env, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-buildid=", "-o", m.program(t), "./server"); err != nil {
			return err
		}
	}
	return nil
}

// bills writes a bill of materials in CycloneDX's form, as each program itself tells it.
func (m *maker) bills(ctx context.Context) error {
	for _, t := range targets {
		program := m.program(t)
		if err := m.run(ctx, m.out, nil, filepath.Join(m.tools, "cyclonedx-gomod"), "bin", "-json", "-std", "-noserial", "-notimestamp",
			"-version", m.tag, "-output", program+".cdx.json", filepath.Base(program)); err != nil {
			return err
		}
	}
	return nil
}

// sums writes the checksums of everything, as sha256sum --check takes them.
func (m *maker) sums(context.Context) error {
	files, err := filepath.Glob(filepath.Join(m.out, "*"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	var lines strings.Builder
	for _, path := range files {
		sum, err := sumOf(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, filepath.Base(path))
	}
	return os.WriteFile(filepath.Join(m.out, "SHA256SUMS"), []byte(lines.String()), 0o644)
}

func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, bufio.NewReader(file)); err != nil {
		return "", err
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
