package deepvue

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// bodyLimit is the most of an answer that is read, in bytes and after any
// decompression, whatever length it declares. A picture may have 256 KiB,
// which base64 makes 342 KiB.
const bodyLimit = 512 << 10

// errTooLarge says that there was more.
var errTooLarge = errors.New("deepvue: the answer is too large")

// bodies are buffers for answers, which are judged and let go of at once.
var bodies = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 16<<10)) }}

// read reads an answer's body and closes it.
func read(into *bytes.Buffer, body io.ReadCloser) error {
	_, err := into.ReadFrom(io.LimitReader(body, bodyLimit+1))
	closed := body.Close()
	switch {
	case err != nil:
		return err
	case into.Len() > bodyLimit:
		return errTooLarge
	}
	return closed
}
