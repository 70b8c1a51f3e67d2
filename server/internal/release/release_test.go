package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/require"
)

func TestOnlyACleanCommitWithATagIsReleased(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	_, err := tagged(t.Context(), dir)
	require.ErrorContains(t, err, "git status")
	git("init", "--quiet")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	_, err = tagged(t.Context(), dir)
	require.ErrorContains(t, err, "there are changes: commit them")
	git("add", ".")
	git("commit", "--quiet", "-m", "x")
	_, err = tagged(t.Context(), dir)
	require.ErrorContains(t, err, "the commit has no tag: git tag -a v1.2.3")
	git("tag", "other")
	git("tag", "-m", "x", "v1.9.0")
	git("tag", "-m", "x", "v1.10.0")
	c, err := tagged(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, "v1.10.0", c.tag)
	require.Len(t, c.hash, 40)
	require.WithinDuration(t, time.Now(), c.at, time.Hour)
}

// built is a small program of this module that uses another one.
var built = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "release-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "small")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", file, "./testdata/small")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// made packages programs, of which each is a small one.
func made(t *testing.T) (m *maker, sums string) {
	t.Helper()
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	m = &maker{
		commit: commit{tag: "v1.2.3", hash: strings.Repeat("a", 40), at: time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)},
		source: root, stage: t.TempDir(), out: t.TempDir(), tools: filepath.Join(root, ".bin"),
	}
	program, err := built()
	require.NoError(t, err)
	for _, system := range targets {
		require.NoError(t, os.WriteFile(m.program(system), program, 0o755))
	}
	require.NoError(t, m.packages(t.Context()))
	require.NoError(t, m.image(t.Context()))
	require.NoError(t, m.bills(t.Context()))
	require.NoError(t, m.sums(t.Context()))
	text, err := os.ReadFile(filepath.Join(m.out, "SHA256SUMS"))
	require.NoError(t, err)
	return m, string(text)
}

func TestAReleaseIsWholeAndTheSameBytesEachTime(t *testing.T) {
	m, sums := made(t)
	_, again := made(t)
	require.Equal(t, sums, again)
	require.Len(t, strings.Split(strings.TrimSpace(sums), "\n"), 4+4+2+2+1, "%s", sums)

	deb, err := filepath.Glob(filepath.Join(m.out, "*_amd64.deb"))
	require.NoError(t, err)
	require.Len(t, deb, 1)
	holds := debFiles(t, deb[0])
	for _, path := range []string{
		"/usr/bin/relay", "/usr/lib/systemd/system/ekyc-connect.service", "/usr/lib/systemd/system/ekyc-connect.socket",
		"/usr/lib/sysusers.d/ekyc-connect.conf", "/usr/share/doc/ekyc-connect/relay.example.yaml", "/usr/share/man/man1/relay-check.1",
	} {
		require.Contains(t, holds, path)
	}
	require.Contains(t, holds["/usr/lib/systemd/system/ekyc-connect.service"], "ExecStart=/usr/bin/relay serve")
	require.Contains(t, holds["/usr/share/man/man1/relay-check.1"], "Nov 2026")

	var bill struct {
		Format     string `json:"bomFormat"`
		Components []struct {
			Name string `json:"name"`
		} `json:"components"`
	}
	text, err := os.ReadFile(m.program(targets[0]) + ".cdx.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &bill))
	require.Equal(t, "CycloneDX", bill.Format)
	require.Contains(t, string(text), "golang.org/x/mod", "which the program uses")
	imageIsWhole(t, m)
}

// imageIsWhole checks the image, and that it names what it is.
func imageIsWhole(t *testing.T, m *maker) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, exec.Command("tar", "-xf", filepath.Join(m.out, "ekyc-connect_1.2.3_oci.tar"), "-C", dir).Run())
	path, err := layout.FromPath(dir)
	require.NoError(t, err)
	index, err := path.ImageIndex()
	require.NoError(t, err)
	require.NoError(t, validate.Index(index))
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	var platforms []string
	for _, d := range manifest.Manifests {
		platforms = append(platforms, d.Platform.String())
		image, err := index.Image(d.Digest)
		require.NoError(t, err)
		config, err := image.ConfigFile()
		require.NoError(t, err)
		require.Equal(t, "65532:65532", config.Config.User)
		require.Equal(t, []string{"/relay"}, config.Config.Entrypoint)
		require.Equal(t, m.hash, config.Config.Labels["org.opencontainers.image.revision"])
		require.Equal(t, d.Platform.Architecture, config.Architecture)
	}
	require.Equal(t, []string{"linux/amd64", "linux/arm64"}, platforms)
}

// debFiles is what a Debian package installs, by path.
func debFiles(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	rest, found := bytes.CutPrefix(text, []byte("!<arch>\n"))
	require.True(t, found)
	files := map[string]string{}
	for len(rest) > 60 {
		header := string(rest[:60])
		size, err := strconv.Atoi(strings.TrimSpace(header[48:58]))
		require.NoError(t, err)
		part := rest[60 : 60+size]
		rest = rest[60+size+size%2:]
		if !strings.HasPrefix(header, "data.tar.gz") {
			continue
		}
		unzipped, err := gzip.NewReader(bytes.NewReader(part))
		require.NoError(t, err)
		entries := tar.NewReader(unzipped)
		for {
			entry, err := entries.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			content, err := io.ReadAll(entries)
			require.NoError(t, err)
			files[strings.TrimPrefix(entry.Name, ".")] = string(content)
		}
	}
	return files
}
