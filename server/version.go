package main

import (
	"cmp"
	_ "embed"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"
)

// build is what the program knows about itself: from the archive that it was built from,
// or from the Go toolchain's stamp.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Date     string `json:"date"`     // of the commit
	Modified bool   `json:"modified"` // built from a tree with changes
	Go       string `json:"go"`
}

func versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit with its date, and the Go release",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := thisBuild()
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
			fmt.Fprintf(cmd.OutOrStdout(), "relay %s (%s, %s, %s)\n", b.Version, commit, b.Date, b.Go)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON")
	return cmd
}

// archived names the commit in an archive of the sources, where git has put it (see
// .gitattributes); elsewhere it is as it stands in the repository.
//
//go:embed release.txt
var archived string

// thisBuild is what this program knows about itself.
func thisBuild() build {
	info, ok := debug.ReadBuildInfo()
	return readBuild(info, ok, archived)
}

func readBuild(info *debug.BuildInfo, ok bool, archived string) build {
	b := build{Version: "devel", Commit: "unknown commit", Date: "unknown date", Go: "unknown Go"}
	if ok {
		b.Go = info.GoVersion
		if v := info.Main.Version; v != "(devel)" {
			b.Version = cmp.Or(v, b.Version)
		}
		for _, setting := range info.Settings {
			switch setting.Key {
			case "vcs.revision":
				b.Commit = setting.Value
			case "vcs.time":
				b.Date = setting.Value
			case "vcs.modified":
				b.Modified = setting.Value == "true"
			}
		}
	}
	if lines := strings.Split(strings.TrimSpace(archived), "\n"); len(lines) == 3 {
		b.Version, b.Commit, b.Date, b.Modified = cmp.Or(lines[0], b.Version), lines[1], lines[2], false
	}
	return b
}
