package script

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Answer is what a vendor does with the call of this number, from 1.
type Answer = func(w http.ResponseWriter, r *http.Request, call int)

// Picture is a JPEG of this size.
func Picture(width, height int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Resized is a small picture whose header claims another size.
func Resized(width, height int) []byte {
	b := Picture(8, 8)
	at := bytes.Index(b, []byte{0xFF, 0xC0})
	copy(b[at+5:], []byte{byte(height >> 8), byte(height), byte(width >> 8), byte(width)})
	return b
}

// Base64 is raw as the vendor writes it.
func Base64(raw []byte) string { return base64.StdEncoding.EncodeToString(raw) }

// Detail is the body of a documented error.
func Detail(text string) string { return `{"detail":"` + text + `"}` }

// Started is the body of a good answer to connect, with a captcha in base64.
func Started(captcha string) string {
	return `{"code":200,"timestamp":1738303175394,"transaction_id":"txn-1","data":{"session_id":"session-1","captcha":"` + captcha + `"},"new_member":{"x":[1]}}`
}

// Good is the body of a good answer.
func Good() string { return Started(Base64(Picture(200, 70))) }

// Say answers with a status and a body.
func Say(status int, body string) Answer {
	return Send(status, body, "Content-Type", "application/json")
}

// Send answers with a status, a body and headers, each a name and a value.
func Send(status int, body string, headers ...string) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Padded is a picture of this many bytes.
func Padded(size int) []byte {
	b := Picture(8, 8)
	end := len(b) - 2
	return append(append(b[:end:end], make([]byte, size-len(b))...), 0xFF, 0xD9)
}

func lines(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + `\r\n`)
		s = s[76:]
	}
	return b.String() + s + `\n`
}

func zipped(body string) func(http.ResponseWriter, *http.Request, int) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, body)
	_ = z.Close()
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(b.Bytes())
	}
}

func encoded(name string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Encoding", name)
		_, _ = io.WriteString(w, "\x0b this is no encoding at all")
	}
}

func endless(w http.ResponseWriter, r *http.Request, _ int) {
	block := bytes.Repeat([]byte{' '}, 32<<10)
	for r.Context().Err() == nil {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// silence answers nothing more. It breaks the connection when the relay has given up:
// an answer that ends well in that moment may still be read.
func silence(_ http.ResponseWriter, r *http.Request, _ int) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

func slowBody(w http.ResponseWriter, r *http.Request, _ int) {
	_, _ = io.WriteString(w, Good()[:100])
	w.(http.Flusher).Flush()
	silence(w, r, 0)
}

func reset(w http.ResponseWriter, _ *http.Request, _ int) {
	c := Hijack(w)
	_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(Good()), Good()[:100])
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.CloseWrite() // so that the headers are not lost with the rest
	}
	_ = c.Close()
}

// trickle never comes to the end of its headers.
func trickle(w http.ResponseWriter, _ *http.Request, _ int) {
	c := Hijack(w)
	defer c.Close()
	_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Slow: ")
	for err == nil {
		_, err = io.WriteString(c, "x")
		time.Sleep(20 * time.Millisecond)
	}
}

func chunked(w http.ResponseWriter, _ *http.Request, _ int) {
	for _, b := range []byte(Good()) {
		_, _ = w.Write([]byte{b})
		w.(http.Flusher).Flush()
	}
}

func cutOff(w http.ResponseWriter, _ *http.Request, _ int) {
	c := Hijack(w)
	_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n%s\r\n", Good()[:100])
	_ = c.Close()
}

// switched says that another protocol follows, and says no more.
func switched(headers string) Answer {
	return func(w http.ResponseWriter, r *http.Request, _ int) {
		c := Hijack(w)
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n"+headers+"\r\n")
		_, _ = c.Read(make([]byte, 1)) // until the caller goes away
	}
}

// hints sends one interim answer after another, and never the answer.
func hints(pause time.Duration) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		c := Hijack(w)
		defer c.Close()
		var err error
		for err == nil {
			_, err = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
			time.Sleep(pause)
		}
	}
}

// unfinished answers with a status and the beginning of a body.
func unfinished(status int) Answer {
	return func(w http.ResponseWriter, r *http.Request, _ int) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"detail":"`)
		w.(http.Flusher).Flush()
		silence(w, r, 0)
	}
}

// Hijack takes the connection away from the server.
func Hijack(w http.ResponseWriter) net.Conn {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	return c
}
