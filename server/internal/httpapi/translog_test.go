package httpapi_test

import (
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/receipt"
	"ekycconnect/server/internal/consent/translog"
	"ekycconnect/server/internal/consent/translog/checkpoint"
	"ekycconnect/server/internal/httpapi/apitest"
)

// get fetches what must be there.
func get(t *testing.T, r *apitest.Relay, path, media string) []byte {
	t.Helper()
	a := r.Do(t, apitest.Call{Path: path})
	require.Equal(t, http.StatusOK, a.Status, "%s %.200s", path, a.Body)
	require.Equal(t, media, a.Header.Get("Content-Type"))
	return a.Body
}

const (
	textMedia = "text/plain; charset=utf-8"
	tileMedia = "application/octet-stream"
)

func logKeys(t *testing.T, r *apitest.Relay) []note.Verifier {
	keys, err := checkpoint.Verifiers(string(get(t, r, "/v1/log/vkey", textMedia)))
	require.NoError(t, err)
	return keys
}

func TestTheLogIsServedAsTiles(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	var recorded errgroup.Group
	for range 300 {
		recorded.Go(func() error {
			_, err := r.Ledger.Refuse(t.Context(), consent.Decision{
				Site: apitest.Shop, Account: "a", Purpose: "p", VendorPurpose: "p", NoticeSHA256: "00", Lang: "en", Nonce: "n",
				Actor: "self", IdempotencyKey: apitest.Key(),
			})
			return err
		})
	}
	require.NoError(t, recorded.Wait())
	a := r.Do(t, apitest.Call{Path: "/v1/log/checkpoint"})
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	c, err := checkpoint.Open(get(t, r, "/v1/log/checkpoint", textMedia), consent.SandboxOrigin, note.VerifierList(logKeys(t, r)...))
	require.NoError(t, err)
	require.EqualValues(t, 300, c.Size)

	// The tiles hold the tree that the checkpoint speaks of, the bundles its leaves.
	hashes := tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: c.Root}, tileReader{t, r, map[string][]byte{}})
	root, err := tlog.TreeHash(c.Size, hashes)
	require.NoError(t, err)
	require.Equal(t, c.Root, root)
	bundle := append(get(t, r, "/v1/log/tile/entries/000", tileMedia), get(t, r, "/v1/log/tile/entries/001.p/44", tileMedia)...)
	for i := range int64(300) {
		require.EqualValues(t, 32, binary.BigEndian.Uint16(bundle))
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		require.NoError(t, err)
		require.Equal(t, leaf[0], tlog.RecordHash(bundle[2:34]))
		bundle = bundle[34:]
	}
	require.Empty(t, bundle)
	tile := r.Do(t, apitest.Call{Path: "/v1/log/tile/1/000.p/1"})
	require.Equal(t, "public, max-age=31536000, immutable", tile.Header.Get("Cache-Control"))
	require.Equal(t, get(t, r, "/v1/log/tile/0/000", tileMedia)[:7*32], get(t, r, "/v1/log/tile/0/000.p/7", tileMedia), "for who has an older checkpoint")

	for _, path := range []string{
		"0/001", "0/001.p/45", "0/002.p/1", "1/000", "1/000.p/2", "2/000.p/1", "entries/001", "entries/001.p/45", // beyond
		"0/0", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/x000/000", "0/000.p", "00/000", "-1/000", "data/000", "8/000.p/1", "63/000.p/1", "64/000",
		"entries/000/", "Entries/000", "0/000.P/7", "0/999/999", "0/x999/x999/x999/x999/x999/x999/x999/999", "0", "", "0/000.p/7/7", "8/0/000",
	} {
		require.Equal(t, http.StatusNotFound, r.Do(t, apitest.Call{Path: "/v1/log/tile/" + path}).Status, path)
	}
}

// tileReader fetches tiles over HTTP, each once.
type tileReader struct {
	t *testing.T
	r *apitest.Relay

	read map[string][]byte
}

func (tileReader) Height() int { return translog.TileHeight }

func (f tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		path := "/v1/log/" + strings.Replace(tile.Path(), "tile/"+strconv.Itoa(translog.TileHeight)+"/", "tile/", 1)
		if f.read[path] == nil {
			f.read[path] = get(f.t, f.r, path, tileMedia)
		}
		data[i] = f.read[path]
	}
	return data, nil
}

func (tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func TestAHiddenLogShowsItsKeysAlone(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	r.API.LogHidden = true
	for _, path := range []string{"/v1/log/checkpoint", "/v1/log/tile/0/000.p/1"} {
		require.Equal(t, http.StatusNotFound, r.Do(t, apitest.Call{Path: path}).Status)
	}
	require.Len(t, logKeys(t, r), 1, "for receipts")
}

func TestAPartnerGetsTheProofOfItsConsents(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	body := r.Decision(t, apitest.Shop)
	body["subject"] = "customer-of-the-proof"
	a := r.Do(t, apitest.Call{Path: "/v1/sessions", Origin: apitest.ShopOrigin, JSON: body})
	require.Equal(t, http.StatusCreated, a.Status, "%s", a.Body)
	var begun struct {
		Consent struct {
			ID string `json:"id"`
		} `json:"consent"`
	}
	a.Into(t, &begun)
	var page struct {
		Consents []provenConsent `json:"consents"`
	}
	r.Do(t, apitest.Call{Path: "/v1/consents?subject=customer-of-the-proof", Secret: apitest.Secret(apitest.Shop)}).Into(t, &page)
	require.Len(t, page.Consents, 1)
	var one provenConsent
	r.Do(t, apitest.Call{Path: "/v1/consents/" + begun.Consent.ID, Secret: apitest.Secret(apitest.Shop)}).Into(t, &one)
	require.Equal(t, page.Consents[0].Proof, one.Proof)

	file, err := r.Ledger.Receipt(t.Context(), begun.Consent.ID)
	require.NoError(t, err)
	got, err := receipt.Verify(file, logKeys(t, r))
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(string(file), "\n\n"+one.Proof), "the receipt holds the same proof")
	entry := sha256.Sum256(append(got.Salt[:], got.Record...))
	require.Equal(t, entry, got.Entry())
}

type provenConsent struct {
	Proof string `json:"proof"`
}
