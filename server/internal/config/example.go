package config

import "strings"

// What stands in server/relay.example.yaml where an operator puts what `relay keygen`
// makes, and the directory of the ledger.
const (
	exampleSitekey = "pk_live_replace_me"
	exampleData    = "/var/lib/ekyc-connect"
)

var exampleSecret = SecretHash{len(SecretHash{}) - 1: 1}

// FillExample is the text of the example with a site's own sitekey, the hash of its
// secret, and a directory for the ledger.
func FillExample(text, sitekey string, secret SecretHash, data string) string {
	return strings.NewReplacer(exampleSitekey, sitekey, exampleSecret.String(), secret.String(), exampleData, data).Replace(text)
}
