package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// nobody is the image's user and group, as in other images without a system.
const nobody = 65532

// image writes a container image for each Linux, in one archive of an OCI layout. It is
// made from scratch: the program, the directory of its ledger, and one for temporary files.
func (m *maker) image(context.Context) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, t := range targets {
		if t.os != "linux" {
			continue
		}
		image, err := m.imageFor(t)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: t.os, Architecture: t.arch}, Annotations: map[string]string{"org.opencontainers.image.ref.name": m.version()},
		}})
	}
	dir := filepath.Join(m.stage, "image")
	if _, err := layout.Write(dir, index); err != nil {
		return fmt.Errorf("write the image: %w", err)
	}
	file, err := os.Create(filepath.Join(m.out, fmt.Sprintf("ekyc-connect_%s_oci.tar", m.version())))
	if err != nil {
		return err
	}
	defer file.Close()
	if err := m.archive(file, os.DirFS(dir)); err != nil {
		return err
	}
	return file.Close()
}

func (m *maker) imageFor(t target) (v1.Image, error) {
	program, err := os.ReadFile(m.program(t))
	if err != nil {
		return nil, err
	}
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	for _, entry := range []tar.Header{
		{Name: "tmp/", Mode: 0o1777, Typeflag: tar.TypeDir},
		{Name: "etc/ekyc-connect/", Mode: 0o755, Typeflag: tar.TypeDir},
		{Name: "var/lib/ekyc-connect/", Mode: 0o700, Typeflag: tar.TypeDir, Uid: nobody, Gid: nobody},
		{Name: "relay", Mode: 0o755, Typeflag: tar.TypeReg, Size: int64(len(program))},
	} {
		entry.ModTime = m.at
		if err := w.WriteHeader(&entry); err != nil {
			return nil, err
		}
	}
	if _, err := w.Write(program); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.Append(base, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: m.at}, CreatedBy: "make release"}})
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, m.config(t, image))
}

// config is how a container runs.
func (m *maker) config(t target, image v1.Image) *v1.ConfigFile {
	file, err := image.ConfigFile()
	if err != nil {
		panic(err) // it is in memory
	}
	c := file.DeepCopy()
	c.OS, c.Architecture, c.Created = t.os, t.arch, v1.Time{Time: m.at}
	c.Config = v1.Config{
		Entrypoint: []string{"/relay"}, Cmd: []string{"serve", "--config", "/etc/ekyc-connect/relay.yaml"},
		User: fmt.Sprintf("%d:%[1]d", nobody), ExposedPorts: map[string]struct{}{"8080/tcp": {}}, StopSignal: "SIGTERM",
		Labels: map[string]string{
			"org.opencontainers.image.title": "ekyc-connect", "org.opencontainers.image.version": m.version(),
			"org.opencontainers.image.revision": m.hash, "org.opencontainers.image.created": m.at.Format("2006-01-02T15:04:05Z"),
		},
	}
	return c
}

// archive writes the files of a directory in the order of their names.
func (m *maker) archive(to io.Writer, from fs.FS) error {
	w := tar.NewWriter(to)
	err := fs.WalkDir(from, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		header := tar.Header{Name: path, Mode: 0o644, Typeflag: tar.TypeReg, ModTime: m.at}
		if entry.IsDir() {
			header.Name, header.Mode, header.Typeflag = strings.TrimSuffix(path, "/")+"/", 0o755, tar.TypeDir
			return w.WriteHeader(&header)
		}
		text, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		header.Size = int64(len(text))
		if err := w.WriteHeader(&header); err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	return w.Close()
}
