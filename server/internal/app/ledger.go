package main

import (
	"path/filepath"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/consent"
)

// anchorFile is the usual name of the anchor, in the data directory.
const anchorFile = "log.anchor"

// logOptions is how the log of consents is named and shown.
func logOptions(c *config.Config) consent.LogOptions {
	return consent.LogOptions{
		Origin: c.Log.Origin, PublishEvery: c.Log.PublishEvery, Anchor: filepath.Join(c.Data, anchorFile),
	}
}

// ledgerKeys are the ledger's own keys out of the keys file.
func ledgerKeys(keys config.Keys) consent.Keys {
	k := consent.Keys{Lookup: keys.Lookup.Bytes()}
	for _, key := range keys.Log {
		k.Log = append(k.Log, key.Bytes())
	}
	return k
}
