// Package startline is the line on standard output by which the relay, and the
// sandbox of the vendor, tell whoever has started them that they serve, and where.
package startline

import (
	"bufio"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
)

// Line is one line of JSON. The vendor's sandbox says its URL alone.
type Line struct {
	URL      string `json:"url"`
	AdminURL string `json:"admin_url"`
	Sandbox  bool   `json:"sandbox"`
}

// Read waits for the line. The error is an [io.EOF] if the program ends before: what
// it said of that is on its standard error.
func Read(stdout io.Reader) (at Line, err error) {
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		return at, fmt.Errorf("no line on standard output: %w", err)
	}
	return at, json.Unmarshal(line, &at)
}
