package connect_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/translog"
	"ekycconnect/wasm/wire"
)

// capability is the last part of a receipt's address.
func capability(given wire.Consent) string {
	return given.ReceiptURL[strings.LastIndexByte(given.ReceiptURL, '/')+1:]
}

func (c *core) erase(t *testing.T, id string) {
	t.Helper()
	_, err := c.other.Erase(t.Context(), consent.Erasure{IDs: []string{id}, Via: consent.ViaOperator, Reason: "case"})
	require.NoError(t, err)
}

func TestAReceiptsAddressIsMadeOfTheRecordAndTheReceiptKeyAlone(t *testing.T) {
	c := newCore(t)
	given := c.begin(t).Consent
	require.True(t, strings.HasPrefix(given.ReceiptURL, "https://relay.example/v1/receipts/"), given.ReceiptURL)
	raw, err := base64.RawURLEncoding.DecodeString(capability(given))
	require.NoError(t, err)
	require.Len(t, raw, 32)
	require.Equal(t, given.ID, uuid.UUID(raw[:16]).String())
	same, err := connect.NewReceipts(bytes.Repeat([]byte{11}, 32), "https://elsewhere.example")
	require.NoError(t, err)
	require.Equal(t, capability(given), same.Capability(given.ID))
	other, err := connect.NewReceipts(bytes.Repeat([]byte{12}, 32), "https://relay.example")
	require.NoError(t, err)
	require.NotEqual(t, capability(given), other.Capability(given.ID))
	require.Empty(t, same.Capability("no id"))
	require.Empty(t, connect.Receipts{}.Capability(given.ID))
	_, err = connect.NewReceipts(bytes.Repeat([]byte{11}, 31), "https://relay.example")
	require.Error(t, err)
}

// An address that nobody gave out and one of no record are alike, for everything that
// a receipt is good for.
func TestAForgedReceiptIsNotFound(t *testing.T) {
	c := newCore(t)
	good := capability(c.begin(t).Consent)
	unknown := c.Receipts.Capability("019ab000-0000-7000-8000-000000000000")
	altered := []byte(good)
	altered[40] ^= 1
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	unused := good[:42] + alphabet[strings.IndexByte(alphabet, good[42])|1:][:1] // the same 32 bytes, written otherwise
	for _, forged := range []string{"", "x", unknown, unused, string(altered), good[:42], good + "A", good + "=", strings.ToUpper(good), good[:21] + good[:22]} {
		_, err := c.Receipt(t.Context(), forged)
		requireRefusal(t, wire.NotFound, nil, err)
		_, err = c.Agreement(t.Context(), forged)
		requireRefusal(t, wire.NotFound, nil, err)
		_, _, err = c.ReceiptFile(t.Context(), forged, false)
		requireRefusal(t, wire.NotFound, nil, err)
		requireRefusal(t, wire.NotFound, nil, c.WithdrawByReceipt(t.Context(), forged))
	}
	_, err := c.Receipt(t.Context(), good)
	require.NoError(t, err)
}

func TestAReceiptShowsTheAgreementUntilItIsErased(t *testing.T) {
	c := newCore(t)
	given := c.begin(t).Consent
	agreed, err := c.Agreement(t.Context(), capability(given))
	require.NoError(t, err)
	require.Equal(t, given.ID, agreed.ID)
	require.True(t, agreed.Given)
	require.Equal(t, given.GivenAt, connect.Stamp(agreed.At))
	require.Zero(t, agreed.WithdrawnAt)
	require.Equal(t, "en", agreed.Lang)
	require.NotEmpty(t, agreed.Notice.Heading())
	shown, _ := c.Notices.Pick(opening, "", "")
	require.Equal(t, shown.Controller, agreed.Controller)
	file, id, err := c.ReceiptFile(t.Context(), capability(given), false)
	require.NoError(t, err)
	require.Equal(t, given.ID, id)
	require.NotEmpty(t, file)
	_, _, err = c.ReceiptFile(t.Context(), capability(given), true)
	requireRefusal(t, wire.NotFound, nil, err)

	c.clock.Move(time.Minute)
	require.NoError(t, c.WithdrawByReceipt(t.Context(), capability(given)))
	withdrawn := c.clock.Now().UTC()
	c.clock.Move(time.Minute)
	require.NoError(t, c.WithdrawByReceipt(t.Context(), capability(given)), "it may be repeated")
	agreed, err = c.Agreement(t.Context(), capability(given))
	require.NoError(t, err)
	require.Equal(t, withdrawn, agreed.WithdrawnAt)
	ended, _, err := c.ReceiptFile(t.Context(), capability(given), true)
	require.NoError(t, err)
	require.NotEqual(t, file, ended)
	record, err := c.Receipt(t.Context(), capability(given))
	require.NoError(t, err)
	require.Equal(t, consent.ViaReceipt, record.Events[2].Via)

	// Where the purpose is gone from the configuration, the site's name is what is left.
	newer, err := newCatalogue(loan)
	require.NoError(t, err)
	c.Notices = newer
	agreed, err = c.Agreement(t.Context(), capability(given))
	require.NoError(t, err)
	require.Equal(t, "The pk_shop", agreed.Controller)
	c.Sites = connect.NewSites(nil)
	agreed, err = c.Agreement(t.Context(), capability(given))
	require.NoError(t, err)
	require.Equal(t, shop, agreed.Controller)

	c.erase(t, given.ID)
	_, err = c.Agreement(t.Context(), capability(given))
	require.ErrorIs(t, err, connect.ErrGone)
	requireRefusal(t, wire.ConsentWithdrawn, nil, c.WithdrawByReceipt(t.Context(), capability(given)))
	_, _, err = c.ReceiptFile(t.Context(), capability(given), false)
	requireRefusal(t, wire.ConsentWithdrawn, nil, err)
	record, err = c.Receipt(t.Context(), capability(given))
	require.NoError(t, err)
	require.Len(t, record.Events, 4)
}

func TestARefusalHasAReceiptAndNothingToWithdraw(t *testing.T) {
	c := newCore(t)
	declined, err := c.Decline(t.Context(), &wire.DeclineRequest{Decision: c.decision(t).Decision}, page)
	require.NoError(t, err)
	agreed, err := c.Agreement(t.Context(), capability(declined.Consent))
	require.NoError(t, err)
	require.False(t, agreed.Given)
	requireRefusal(t, wire.InvalidRequest, nil, c.WithdrawByReceipt(t.Context(), capability(declined.Consent)))
}

func TestAPartnerSeesItsOwnRecordsAlone(t *testing.T) {
	c := newCore(t)
	given := c.begin(t).Consent
	record, err := c.Consent(t.Context(), c.sites[shop], given.ID)
	require.NoError(t, err)
	require.Equal(t, given.ID, record.ID)
	_, err = c.Consent(t.Context(), c.sites[bank], given.ID)
	requireRefusal(t, wire.NotFound, nil, err)
	proof, err := c.Proof(t.Context(), record)
	require.NoError(t, err)
	require.Contains(t, proof, "c2sp.org/tlog-proof")
	for _, row := range []struct {
		site, subject, cursor string
		code                  wire.Code
		found                 int
	}{
		{shop, "customer", "", "", 1},
		{shop, "another", "", "", 0},
		{bank, "customer", "", "", 0},
		{shop, "customer", "x", wire.InvalidRequest, 0},
		{shop, "", "", wire.InvalidRequest, 0},
		{shop, "2341-2341-2346", "x", wire.SubjectLooksLikeAadhaar, 0},
	} {
		found, next, err := c.ConsentsOf(t.Context(), c.sites[row.site], row.subject, 0, row.cursor)
		require.Equal(t, row.code, codeOf(t, err), row)
		require.Len(t, found, row.found, row)
		require.Empty(t, next)
	}
	require.NoError(t, c.store.Close())
	_, _, err = c.ConsentsOf(t.Context(), c.sites[shop], "customer", 0, "")
	requireRefusal(t, wire.StoreUnavailable, nil, err)
	_, err = c.Consent(t.Context(), c.sites[shop], given.ID)
	requireRefusal(t, wire.StoreUnavailable, nil, err)
	_, err = c.Receipt(t.Context(), capability(given))
	requireRefusal(t, wire.StoreUnavailable, nil, err)
	_, err = c.Proof(t.Context(), record)
	requireRefusal(t, wire.StoreUnavailable, nil, err)
}

func TestNoticesAndTheLogAreForEverybody(t *testing.T) {
	c := newCore(t)
	c.begin(t)
	shown, _ := c.Notices.Pick(opening, "", "")
	text, err := c.Notice(t.Context(), shown.Ref.SHA256)
	require.NoError(t, err)
	require.Equal(t, shown.Bytes, text)
	_, err = c.Notice(t.Context(), strings.Repeat("0", 64))
	requireRefusal(t, wire.NotFound, nil, err)
	checkpoint, err := c.Checkpoint(t.Context())
	require.NoError(t, err)
	require.Contains(t, string(checkpoint), "\n2\n", "a consent and its use")
	tile, err := c.Tile(t.Context(), tlog.Tile{H: translog.TileHeight, L: 0, N: 0, W: 2})
	require.NoError(t, err)
	require.Len(t, tile, 64)
	_, err = c.Tile(t.Context(), tlog.Tile{H: translog.TileHeight, L: 0, N: 0, W: 3})
	requireRefusal(t, wire.NotFound, nil, err)
	vkeys, err := c.LogKeys(t.Context())
	require.NoError(t, err)
	require.Len(t, vkeys, 1)
	require.NoError(t, c.store.Close())
	_, err = c.Checkpoint(t.Context())
	requireRefusal(t, wire.StoreUnavailable, nil, err)
	_, err = c.Notice(t.Context(), shown.Ref.SHA256)
	requireRefusal(t, wire.StoreUnavailable, nil, err)
}

func TestTheHostedPageReturnsToARegisteredAddressAlone(t *testing.T) {
	c := newCore(t)
	require.NoError(t, c.Returns(shop, ""))
	require.Equal(t, wire.InvalidRequest, codeOf(t, c.Returns(shop, "https://shop.example/back")), "none is registered")
	c.sites[shop].AllowsReturn = among("https://shop.example/back")
	require.NoError(t, c.Returns(shop, "https://shop.example/back"))
	require.Equal(t, wire.InvalidRequest, codeOf(t, c.Returns(shop, "https://shop.example/back/")))
	require.Equal(t, wire.InvalidRequest, codeOf(t, c.Returns("pk_nobody", "https://shop.example/back")))
	require.NotEqual(t, connect.NewKey(), connect.NewKey())
}

// A secret is replaced without a moment at which the partner's is refused.
func TestASiteMayHaveTwoSecrets(t *testing.T) {
	p := present(t)
	p.sites[shop].Secrets = append(p.sites[shop].Secrets, p.sites[bank].Secrets[0])
	p.Sites = connect.NewSites([]*connect.Site{p.sites[shop]})
	p.Peek = true
	for _, secret := range []string{secretOf(shop), secretOf(bank)} {
		p.Secret = secret
		require.Empty(t, p.redeem(t))
		require.Equal(t, p.sites[shop], p.Sites.BySecret(secret))
	}
	require.Nil(t, p.Sites.BySecret(""))
	require.Nil(t, p.Sites.BySecret(secretOf(shop)[1:]))
}

// A refusal tells a developer what happened, and the log the cause; it never repeats
// what was sent.
func TestARefusalIsAnErrorWithItsCause(t *testing.T) {
	c := newCore(t)
	require.NoError(t, c.store.Close())
	_, err := c.Begin(t.Context(), c.decision(t), page)
	require.ErrorIs(t, err, consent.ErrUnavailable)
	require.ErrorContains(t, err, "store_unavailable: the consent could not be stored; nothing was recorded; try again: memory: store is closed")
	_, err = c.answer(t, "canary")
	require.EqualError(t, err, "session_invalid: session does not open; start a new one")
}
