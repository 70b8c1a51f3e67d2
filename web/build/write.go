package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/andybalholm/brotli"

	"ekycconnect/web/internal/stamp"
)

// write puts body into dist plainly, by brotli 11 and by gzip 9.
func write(dist, name string, body []byte) (stamp.File, error) {
	sum, short := sha512.Sum384(body), sha256.Sum256(body)
	f := stamp.File{
		Hash:      letters(sum[:8]),
		Integrity: "sha384-" + base64.StdEncoding.EncodeToString(sum[:]),
		Checksum:  "sha256-" + base64.StdEncoding.EncodeToString(short[:]),
		Plain:     len(body),
	}
	br, err := squeeze(body, func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterLevel(w, brotli.BestCompression), nil
	})
	if err != nil {
		return f, fmt.Errorf("build: %s: brotli: %w", name, err)
	}
	gz, err := squeeze(body, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestCompression) })
	if err != nil {
		return f, fmt.Errorf("build: %s: gzip: %w", name, err)
	}
	f.Brotli, f.Gzip = len(br), len(gz)
	for form, b := range map[string][]byte{"": body, ".br": br, ".gz": gz} {
		if err := os.WriteFile(filepath.Join(dist, name+form), b, 0o644); err != nil {
			return f, fmt.Errorf("build: %w", err)
		}
	}
	return f, nil
}

// letters writes each half byte as one of a to p: the name of a build stands in
// consent records, where digits could look like an Aadhaar number.
func letters(sum []byte) string {
	var out []byte
	for _, b := range sum {
		out = append(out, 'a'+b>>4, 'a'+b&15)
	}
	return string(out)
}

func squeeze(body []byte, open func(io.Writer) (io.WriteCloser, error)) ([]byte, error) {
	var out bytes.Buffer
	w, err := open(&out)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
