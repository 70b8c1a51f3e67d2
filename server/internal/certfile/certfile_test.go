package certfile_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/certfile"
)

// pair is a certificate of this serial number, and its key, as PEM.
func pair(t *testing.T, serial int64) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), IPAddresses: []net.IP{{127, 0, 0, 1}}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	der8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der8})
}

func TestARenewedCertificateIsServedWithoutARestart(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(path string, b []byte, age time.Duration) {
		require.NoError(t, os.WriteFile(path, b, 0o600))
		at := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(path, at, at))
	}
	cert, key := pair(t, 1)
	write(certFile, cert, 3*time.Hour)
	write(keyFile, key, 3*time.Hour)
	var log bytes.Buffer
	files, err := certfile.Open(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = files.Config()
	server.StartTLS()
	defer server.Close()
	// httptest brings a certificate of its own along with the first.
	server.TLS.Certificates = nil
	served := func() int64 {
		files.Look()
		c, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, err)
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	require.EqualValues(t, 1, served())

	cert, key = pair(t, 2)
	write(certFile, cert, 2*time.Hour)
	require.EqualValues(t, 1, served(), "half of a new pair leaves the old one in use")
	require.Contains(t, log.String(), "the old one stays")
	write(keyFile, key, 2*time.Hour)
	require.EqualValues(t, 2, served())
	require.WithinDuration(t, time.Now().Add(time.Hour), files.NotAfter(), 5*time.Minute)

	require.NoError(t, os.Remove(certFile))
	require.EqualValues(t, 2, served())
	write(certFile, []byte("garbage"), time.Hour)
	require.EqualValues(t, 2, served())
	cert, key = pair(t, 3)
	write(keyFile, key, 0)
	write(certFile, cert, 0)
	require.EqualValues(t, 3, served())

	_, err = tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11})
	require.Error(t, err, "nothing older than TLS 1.2")
}

func TestWhatIsNoCertificateIsSaidAtTheStart(t *testing.T) {
	_, err := certfile.Open(filepath.Join(t.TempDir(), "absent.pem"), "absent.key", slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "tls.cert_file needs")
}
