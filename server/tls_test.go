package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/server/internal/startline"
)

// certificate writes a pair of files for localhost, with this serial number.
func certificate(t *testing.T, dir string, serial int64) {
	t.Helper()
	certificateFor(t, dir, serial, "localhost", time.Now().Add(time.Hour))
}

func certificateFor(t *testing.T, dir string, serial int64, host string, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{host}, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"key.pem": {Type: "PRIVATE KEY", Bytes: private}, "cert.pem": {Type: "CERTIFICATE", Bytes: der},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
}

// startConfigured runs a relay with a configuration file.
func startConfigured(t *testing.T, path string, env ...string) *process {
	t.Helper()
	binary, err := program()
	require.NoError(t, err)
	p := &process{t: t, log: &lockedBuffer{}}
	p.cmd = exec.Command(binary, "serve", "--config", path, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	p.cmd.Stderr = p.log
	p.cmd.Env = os.Environ()
	for name, value := range configtest.Env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Env = append(p.cmd.Env, env...)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	p.at, err = startline.Read(stdout)
	require.NoError(t, err, "log: %s", p.log)
	return p
}

func TestTheRelayServesTLSFromFilesAndTakesRenewedOnes(t *testing.T) {
	certs := t.TempDir()
	certificate(t, certs, 1)
	p := startConfigured(t, configtest.Example(t, "# tls:\n#   cert_file: /etc/ekyc-connect/tls/fullchain.pem\n#   key_file: /etc/ekyc-connect/tls/privkey.pem\n",
		"tls:\n  cert_file: "+certs+"/cert.pem\n  key_file: "+certs+"/key.pem\n"))
	address := listening(t, p)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	serial := func() (int64, error) {
		answer, err := client.Get("https://" + address + "/healthz")
		if err != nil {
			return 0, err
		}
		defer answer.Body.Close()
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.Equal(t, 2, answer.ProtoMajor)
		return answer.TLS.PeerCertificates[0].SerialNumber.Int64(), nil
	}
	first, err := serial()
	require.NoError(t, err)
	require.EqualValues(t, 1, first)
	certificate(t, certs, 2)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { now, err := serial(); return err == nil && now == 2 }, time.Minute, 20*time.Millisecond, "the renewed certificate is served")

	plain, err := http.Get("http://" + address + "/healthz")
	if err == nil {
		defer plain.Body.Close()
		require.Equal(t, http.StatusBadRequest, plain.StatusCode, "nothing is served in the clear")
	}
}

// listening is the address of the public listener, which has a port of its own
// choice.
func listening(t *testing.T, p *process) string {
	t.Helper()
	var address string
	require.Eventually(t, func() bool {
		for line := range strings.Lines(p.log.String()) {
			var entry struct {
				Msg    string `json:"msg"`
				Listen string `json:"listen"`
			}
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Listen != "" {
				address = entry.Listen
				return true
			}
		}
		return false
	}, time.Minute, pollEvery, "it does not say where it listens: %s", p.log)
	return address
}

func TestTestKeysOpenNothingOutsideTheSandbox(t *testing.T) {
	p := startConfigured(t, configtest.Example(t))
	base := "http://" + listening(t, p)
	answer, err := http.Get(base + "/v1/view?sitekey=pk_test_pass&purpose=account-opening")
	require.NoError(t, err)
	defer answer.Body.Close()
	var problem struct {
		Code string `json:"code"`
	}
	require.NoError(t, json.UnmarshalRead(answer.Body, &problem))
	require.Equal(t, "unknown_sitekey", problem.Code)
	answer, err = http.Post(base+"/v1/siteverify", "application/json", strings.NewReader(`{"secret":"sk_test_pass","response":"x"}`))
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.JSONEq(t, `{"success":false,"error-codes":["invalid-input-secret"]}`, string(text))
	answer, err = http.Get(base + "/")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusNotFound, answer.StatusCode, "the demo is the sandbox's")
}
