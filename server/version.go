package main

import (
	"cmp"
	"fmt"
	"runtime/debug"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"
)

// build is what the binary knows about itself, from the Go toolchain's stamp.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Modified bool   `json:"modified"` // built from a tree with changes
	Go       string `json:"go"`
}

func versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit and the Go release",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := readBuild(debug.ReadBuildInfo())
			if asJSON {
				line, err := json.Marshal(b)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s\n", line)
				return nil
			}
			commit := b.Commit
			if b.Modified {
				commit += " with changes"
			}
			fmt.Fprintf(cmd.OutOrStdout(), "relay %s (%s, %s)\n", b.Version, commit, b.Go)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON")
	return cmd
}

func readBuild(info *debug.BuildInfo, ok bool) build {
	b := build{Version: "devel", Commit: "unknown commit", Go: "unknown Go"}
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	if v := info.Main.Version; v != "(devel)" {
		b.Version = cmp.Or(v, b.Version)
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}
