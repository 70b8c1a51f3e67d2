package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/wasm/wire"
)

// twin is one of two relays with one ledger.
type twin struct {
	*process
	path string // of its configuration
}

func (tw *twin) keys() string { return filepath.Join(filepath.Dir(tw.path), "keys.yaml") }

// restart stops the relay, if it serves, and starts it with this ring of sealing keys.
func (tw *twin) restart(t *testing.T, rest string, ring ...string) {
	t.Helper()
	if tw.process != nil {
		require.NoError(t, tw.cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(t, tw.cmd.Wait())
	}
	require.NoError(t, os.WriteFile(tw.keys(), []byte("seal:\n"+strings.Join(ring, "")+rest), 0o600))
	tw.process = startConfigured(t, tw.path, "DEEPVUE_CLIENT_ID=sandbox", "DEEPVUE_CLIENT_SECRET=sandbox")
	tw.at.URL = "http://" + listening(t, tw.process)
}

// The order that server/docs/operating.md gives for a new sealing key: each relay opens
// what the others seal, all the time. In the other order they do not.
func TestASealingKeyIsReplacedOnSeveralRelays(t *testing.T) {
	d := newDatabase(t)
	vendor := startVendor(t)
	relay := func() *twin {
		return &twin{path: configtest.Example(t, "# Keys that seal what", "store: "+d.serving+"\nstore_owner: "+d.owner+"\n\n# Keys that seal what",
			"url: https://production.deepvue.tech ", "url: "+vendor+" ")}
	}
	for _, password := range []string{"PASSWORD_RELAY", "PASSWORD_OWNER"} {
		t.Setenv(password, d.env[password])
	}
	a, b := relay(), relay()
	text, err := os.ReadFile(a.keys())
	require.NoError(t, err)
	_, ring, _ := strings.Cut(string(text), "seal:\n")
	i := strings.Index(ring, "#")
	old, rest := ring[:i], ring[i:]
	code, fresh, _ := relayed(t, nil, "keygen", "seal")
	require.Zero(t, code)

	// shown is what one relay seals and the other opens: the notice that is decided on.
	passes := func(from, to *twin) bool {
		_, view := from.shown(configtest.Sitekey)
		var reply struct {
			Code wire.Code `json:"code"`
		}
		status, err := to.do(t.Context(), "POST", "/v1/declines", map[string]string{
			"sitekey": configtest.Sitekey, "purpose": "account-opening", "presentation": view.Presentation,
			"notice_sha256": view.Notice.SHA256, "idempotency_key": "key-of-" + view.Presentation[len(view.Presentation)-20:],
		}, fromBank, &reply)
		require.NoError(t, err)
		return status == http.StatusCreated
	}
	both := func(when string) {
		t.Helper()
		require.True(t, passes(a, b) && passes(b, a), when)
	}
	a.restart(t, rest, old)
	b.restart(t, rest, old)
	both("before")

	a.restart(t, rest, fresh, old)
	require.False(t, passes(a, b), "one seals with a key that the other does not know")
	a.restart(t, rest, old, fresh)
	both("one accepts the new key")
	b.restart(t, rest, old, fresh)
	both("both accept it")
	a.restart(t, rest, fresh, old)
	both("one seals with it")
	b.restart(t, rest, fresh, old)
	both("both seal with it")
	a.restart(t, rest, fresh)
	both("one has forgotten the old key")
}
