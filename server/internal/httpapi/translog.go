package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/translog"
)

// The log as C2SP tlog-tiles (https://c2sp.org/tlog-tiles): its checkpoint, its
// hashes, its entries, which are salted hashes themselves.

func (a *API) logCheckpoint(w http.ResponseWriter, r *http.Request) {
	if a.LogHidden {
		a.notFound(w, r)
		return
	}
	signed, err := a.Core.Checkpoint(r.Context())
	if err != nil {
		a.problem(w, r, err)
		return
	}
	writeText(w, signed)
}

// logKeys serves the public keys: whoever has a receipt needs them, whether or
// not the log itself is shown.
func (a *API) logKeys(w http.ResponseWriter, r *http.Request) {
	keys, err := a.Core.LogKeys(r.Context())
	if err != nil {
		a.problem(w, r, err)
		return
	}
	writeText(w, []byte(strings.Join(keys, "\n")+"\n"))
}

func (a *API) logTile(w http.ResponseWriter, r *http.Request) {
	tile, ok := tileAt(r.PathValue("path"))
	if !ok || a.LogHidden {
		a.notFound(w, r)
		return
	}
	data, err := a.Core.Tile(r.Context(), tile)
	if err != nil {
		a.problem(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Cache-Control", "public, max-age=31536000, immutable") // a partial one, too, is named by its width
	h.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data)
}

// tileAt reads a tile's place, which has one spelling: LEVEL/N[.p/W], with
// "entries" for the level of entry bundles.
func tileAt(path string) (tlog.Tile, bool) {
	level, rest, _ := strings.Cut(path, "/")
	if level == "entries" {
		level = "data" // as the library spells it
	} else if level == "data" {
		return tlog.Tile{}, false
	}
	tile, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s/%s", translog.TileHeight, level, rest))
	return tile, err == nil
}

func writeText(w http.ResponseWriter, text []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text)
}
