package main

import (
	"context"
	_ "embed"
	"os"
	"path/filepath"
	"strings"
)

//go:embed nfpm.yaml
var recipe string

//go:embed postinstall.sh
var postinstall string

// packages makes a .deb and an .rpm for each Linux.
func (m *maker) packages(ctx context.Context) error {
	stage := m.stage
	if err := os.MkdirAll(filepath.Join(stage, "man"), 0o755); err != nil {
		return err
	}
	if err := m.run(ctx, m.source, nil, "go", "run", "-buildvcs=false", "-tags", "man", "./server", "man", filepath.Join(stage, "man")); err != nil {
		return err
	}
	unit, err := os.ReadFile(filepath.Join(m.source, "server/deploy/ekyc-connect.service"))
	if err != nil {
		return err
	}
	// What a package installs is not the operator's own.
	installed := strings.ReplaceAll(string(unit), "/usr/local/bin/", "/usr/bin/")
	for name, text := range map[string]string{"ekyc-connect.service": installed, "postinstall.sh": postinstall} {
		if err := os.WriteFile(filepath.Join(stage, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, t := range targets {
		if t.os != "linux" {
			continue
		}
		path := filepath.Join(stage, "nfpm-"+t.arch+".yaml")
		filled := strings.NewReplacer("{arch}", t.arch, "{version}", m.tag, "{program}", m.program(t), "{stage}", stage, "{source}", m.source,
			"{time}", m.at.Format("2006-01-02T15:04:05Z")).Replace(recipe)
		if err := os.WriteFile(path, []byte(filled), 0o644); err != nil {
			return err
		}
		for _, kind := range []string{"deb", "rpm"} {
			if err := m.run(ctx, m.source, nil, filepath.Join(m.tools, "nfpm"), "package", "--config", path, "--packager", kind, "--target", m.out); err != nil {
				return err
			}
		}
	}
	return nil
}
