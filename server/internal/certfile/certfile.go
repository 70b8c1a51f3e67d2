// Package certfile serves a TLS certificate from two files that somebody else
// renews: they are read again when they change, without a restart.
package certfile

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often the files are looked at, at the most: with a handshake.
const lookEvery = time.Second

// Files is a certificate in two files. It is safe for concurrent use.
type Files struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	now    *tls.Certificate
	read   [2]stamp // of the files as they were read last, also in vain
	looked time.Time
}

// stamp tells one version of a file from the next.
type stamp struct {
	changed time.Time
	size    int64
}

// Open reads the files: the certificate with its chain, and its key, as PEM.
func Open(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log}
	f.read = f.stamps()
	pair, err := load(cert, key)
	if err != nil {
		return nil, err
	}
	f.now, f.looked = &pair, time.Now()
	return f, nil
}

// Read reads the files for one who looks at the certificate only.
func Read(cert, key string) (*x509.Certificate, error) {
	pair, err := load(cert, key)
	return pair.Leaf, err
}

func load(cert, key string) (tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		err = fmt.Errorf("certfile: %w: tls.cert_file needs the certificate with its chain, tls.key_file its key, both as PEM", err)
	}
	return pair, err
}

// Config is what a server needs: TLS 1.2 or newer, with the certificate of the
// moment.
func (f *Files) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: f.certificate}
}

func (f *Files) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.looked) >= lookEvery {
		f.look()
	}
	return f.now, nil
}

// NotAfter is until when the certificate is valid.
func (f *Files) NotAfter() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.look()
	return f.now.Leaf.NotAfter
}

// Look reads the files at once if they have changed, and reports whether there is
// another certificate now.
func (f *Files) Look() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.now
	f.look()
	return f.now != old
}

// look needs the lock. A pair that does not fit, such as while the second file
// is still being written, leaves the old one in use.
func (f *Files) look() {
	f.looked = time.Now()
	read := f.stamps()
	if read == f.read {
		return
	}
	f.read = read
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		f.log.Error("the new TLS certificate cannot be used; the old one stays: mend tls.cert_file and tls.key_file", "error", err)
		return
	}
	f.now = &pair
	f.log.Info("TLS certificate read anew", "not_after", pair.Leaf.NotAfter)
}

func (f *Files) stamps() (read [2]stamp) {
	for i, path := range []string{f.cert, f.key} {
		if info, err := os.Stat(path); err == nil {
			read[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return read
}
