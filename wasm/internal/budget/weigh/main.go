//go:build !js

// Command weigh prints how many bytes a browser that takes brotli loads for the
// file on standard input. It is a program of its own since compressing under the
// race detector takes minutes.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/andybalholm/brotli"
)

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func main() {
	var size counter
	w := brotli.NewWriterOptions(&size, brotli.WriterOptions{Quality: 11, LGWin: 24})
	if _, err := io.Copy(w, os.Stdin); err == nil {
		if err = w.Close(); err == nil {
			fmt.Println(int(size))
			return
		}
	}
	os.Exit(1)
}
