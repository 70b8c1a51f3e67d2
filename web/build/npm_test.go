package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
	"ekycconnect/web/internal/stamp"
)

// unpacked is the package as npm reads it.
func unpacked(t *testing.T) map[string]string {
	t.Helper()
	root, err := stamp.Root()
	require.NoError(t, err)
	var archives [2][]byte
	for i := range archives {
		files, err := packageFiles(root)
		require.NoError(t, err)
		archives[i], err = tgz(files)
		require.NoError(t, err)
	}
	require.Equal(t, archives[0], archives[1], "the same sources give the same bytes")
	decompressed, err := gzip.NewReader(bytes.NewReader(archives[0]))
	require.NoError(t, err)
	files := map[string]string{}
	for archive := tar.NewReader(decompressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		require.Equal(t, packed, header.ModTime.UTC())
		body, err := io.ReadAll(archive)
		require.NoError(t, err)
		files[header.Name] = string(body)
	}
}

func TestThePackageHasWhatItsManifestNamesAndNothingElse(t *testing.T) {
	files := unpacked(t)
	var manifest struct {
		Name, Version string
		Dependencies  map[string]string
		Exports       map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(files["package/package.json"]), &manifest))
	require.Equal(t, "ekyc-connect", manifest.Name)
	require.Equal(t, stamp.Version, manifest.Version)
	require.Empty(t, manifest.Dependencies)
	want := []string{"package/package.json", "package/README.md", "package/ekyc-connect.d.ts"}
	for name, export := range manifest.Exports {
		if forms, ok := export.(map[string]any); ok {
			for _, file := range forms {
				want = append(want, "package/"+filepath.Base(file.(string)))
			}
			continue
		}
		require.Equal(t, "./package.json", name)
	}
	var have []string
	for name := range files {
		have = append(have, name)
	}
	require.ElementsMatch(t, want, have)
	require.NotContains(t, files["package/server.js"], "import", "fetch alone")
	require.NotContains(t, files["package/index.js"], "import ")
}

func TestThePackagesTypesNameWhatThereIs(t *testing.T) {
	files := unpacked(t)
	quoted := regexp.MustCompile(`"([\w-]+)"`)
	list := func(file, begin string) (names []string) {
		t.Helper()
		block := regexp.MustCompile(begin + `[^;]*;`).FindString(files["package/"+file])
		require.NotEmpty(t, block, begin)
		for _, m := range quoted.FindAllStringSubmatch(block, -1) {
			names = append(names, m[1])
		}
		return names
	}
	// Every attribute that is declared goes from React's props to the element.
	params := regexp.MustCompile(`(?s)interface EkycConnectParams \{.*?\n\}`).FindString(files["package/ekyc-connect.d.ts"])
	var attributes []string
	for _, m := range regexp.MustCompile(`(?m)^  (\w+)\??:`).FindAllStringSubmatch(params, -1) {
		if !strings.HasSuffix(m[1], "allback") {
			attributes = append(attributes, m[1])
		}
	}
	require.ElementsMatch(t, attributes, list("react.js", "var attributes = "))
	// And every event to a handler.
	_, events, _ := strings.Cut(files["package/ekyc-connect.d.ts"], "interface EkycConnectEventMap {")
	events, _, _ = strings.Cut(events, "\n}")
	for _, m := range regexp.MustCompile(`(?m)^  "(ekyc-\w+)":`).FindAllStringSubmatch(events, -1) {
		require.Contains(t, list("react.js", "var events = "), m[1])
	}
	codes := list("server.d.ts", "type RelayCode =")
	own := []string{"network", "timeout", "bad_answer"}
	for _, code := range codes {
		require.True(t, slices.Contains(own, code) || wire.Code(code).Known(), code)
	}
	for _, code := range wire.PartnerCodes() {
		require.Contains(t, codes, string(code))
	}
	loads := list("index.d.ts", "type EkycConnectLoadCode =")
	for _, m := range regexp.MustCompile(`"(\w+_\w+|timeout|unreachable)"`).FindAllStringSubmatch(files["package/index.js"], -1) {
		require.Contains(t, loads, m[1])
	}
}

func TestAPackageWhoseScriptIsBrokenIsNotMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.js")
	for _, source := range []string{`export const = 1;`, `import 'node:fs';`, `import { x } from './elsewhere.js';`} {
		require.NoError(t, os.WriteFile(path, []byte(source), 0o644))
		_, err := script(path)
		require.ErrorContains(t, err, "index.js", source)
	}
}

func TestAPackageWithoutAPlaceForItsVersionIsNotMade(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "web", "npm"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(root, "web", "src"), 0o755))
	for name, text := range map[string]string{"npm/package.json": `{"version": "1"}`, "npm/README.md": "VERSION", "src/ekyc-connect.d.ts": ""} {
		require.NoError(t, os.WriteFile(filepath.Join(root, "web", filepath.FromSlash(name)), []byte(text), 0o644))
	}
	_, err := packageFiles(root)
	require.ErrorContains(t, err, "package.json names no VERSION")
}
