//go:build man

package main

import (
	"log"
	"os"

	"github.com/spf13/cobra/doc"
)

// init writes the manual's pages, one for each command, into the directory of
// `go run -tags man ./server man DIR`. The program that is shipped does not hold this.
func init() {
	if len(os.Args) != 3 || os.Args[1] != "man" {
		return
	}
	// The date is that of SOURCE_DATE_EPOCH.
	header := &doc.GenManHeader{Section: "1", Source: "ekyc-connect", Manual: "ekyc-connect"}
	if err := doc.GenManTree(rootCommand(os.LookupEnv), header, os.Args[2]); err != nil {
		log.Fatal(err)
	}
	os.Exit(0)
}
