package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// fsckTime is how long somebody else's verifier may take. It neither ends by
// itself nor exits with an error when something is wrong: only its line counts.
const fsckTime = 5 * time.Minute

// fsck is the verifier of transparency-dev/tessera, which knows nothing of this
// program: https://pkg.go.dev/github.com/transparency-dev/tessera/cmd/fsck
func fsck(t *testing.T, relay string) string {
	path, err := filepath.Abs("../.bin/fsck")
	require.NoError(t, err)
	if _, err := os.Stat(path); err != nil {
		out, err := exec.Command("make", "-C", "..", ".bin/fsck").CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), fsckTime)
	defer cancel()
	keys := filepath.Join(t.TempDir(), "log.vkey")
	answer, err := http.Get(relay + "/v1/log/vkey")
	require.NoError(t, err)
	defer answer.Body.Close()
	key, err := bufio.NewReader(answer.Body).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(keys, []byte(key), 0o600))
	cmd := exec.CommandContext(ctx, path, "--storage_url", relay+"/v1/log/", "--public_key", keys, "--ui=false", "--logtostderr", "-N", "4")
	output, err := cmd.StderrPipe()
	require.NoError(t, err)
	cmd.Stdout = cmd.Stderr
	require.NoError(t, cmd.Start())
	defer func() { cancel(); _ = cmd.Wait() }()
	var all []string
	for lines := bufio.NewScanner(output); lines.Scan(); {
		all = append(all, lines.Text())
		if _, found, ok := strings.Cut(lines.Text(), "Successfully fsck'd log with size "); ok {
			size, _, _ := strings.Cut(found, " ")
			return size
		}
	}
	require.Fail(t, "fsck did not say that the log is good", "%s", strings.Join(all, "\n"))
	return ""
}

// agree makes n consents over HTTP, many at once. One notice on a screen may
// serve several decisions.
func (p *process) agree(n int, prefix string) {
	shown := p.decision("", "")
	delete(shown, "subject")
	group, ctx := errgroup.WithContext(p.t.Context())
	group.SetLimit(64)
	for i := range n {
		group.Go(func() error {
			body := map[string]string{"idempotency_key": fmt.Sprintf("%s-idempotency-%06d", prefix, i)}
			for name, value := range shown {
				if name != "idempotency_key" {
					body[name] = value
				}
			}
			var reply jsontext.Value
			status, err := p.do(ctx, "POST", "/v1/sessions", body, fromPage, &reply)
			if err == nil && status != http.StatusCreated {
				err = fmt.Errorf("status %d: %s", status, reply)
			}
			return err
		})
	}
	require.NoError(p.t, group.Wait())
}

func TestAVerifierWrittenByOthersAcceptsTheLog(t *testing.T) {
	const consents = 5000
	p := start(t, "--data", t.TempDir())
	p.agree(consents, "fsck")
	// Each consent is two events: given, and the vendor call under it.
	require.Equal(t, fmt.Sprint(2*consents), fsck(t, p.at.URL))
}
