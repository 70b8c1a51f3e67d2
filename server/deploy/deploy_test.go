// Package deploy_test loads the files that operators copy into the programs that they
// are for.
package deploy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// find is the path of a program, which may be outside a user's path.
func find(t *testing.T, program string) string {
	t.Helper()
	for _, name := range []string{program, "/usr/sbin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	require.Fail(t, program+" is missing: run make deploy")
	return ""
}

// certificate makes one for the proxies, with its key.
func certificate(t *testing.T, dir string, life time.Duration) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotAfter: time.Now().Add(life)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	der8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der8}), 0o600))
	return cert, key
}

// insecure is a client of the tests' own certificates.
func insecure(t *testing.T) *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// The documents name each file, and no file that is not there.
func TestTheDocumentsLinkToEachFile(t *testing.T) {
	t.Parallel()
	docs := ""
	for _, name := range []string{"deploy.md", "operating.md"} {
		text, err := os.ReadFile("../docs/" + name)
		require.NoError(t, err)
		docs += string(text)
	}
	files, err := filepath.Glob("*")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "_test.yml") {
			continue
		}
		require.Contains(t, docs, "](../deploy/"+file+")")
		docs = strings.ReplaceAll(docs, "](../deploy/"+file+")", "")
	}
	require.NotContains(t, docs, "](../deploy/", "a link to a file that is not there")
}
