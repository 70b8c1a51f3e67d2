package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/notice"
)

// callers is how many ask the ledger at the same time.
const callers = 256

// growing is a ledger that is filled, and what can be found in it.
type growing struct {
	dir    string
	ledger *consent.Ledger
	sample consent.Decision
	made   atomic.Int64
	ids    []string // of the consents; the n-th is about subject n
}

func openGrowing(ctx context.Context, dir string) (*growing, error) {
	g := &growing{dir: dir}
	notices, err := notice.New(map[string]notice.Purpose{notice.SandboxPurpose: notice.Sandbox()}, notice.Options{AllowDrafts: true})
	if err != nil {
		return nil, err
	}
	shown, ok := notices.Pick(notice.SandboxPurpose, "hi", "")
	if !ok {
		return nil, errors.New("there is no notice to show")
	}
	g.sample = consent.Decision{
		Site: "pk_live_" + rand.Text()[:22], Account: "main", Purpose: notice.SandboxPurpose, VendorPurpose: shown.VendorPurpose,
		NoticeID: shown.Ref.ID, NoticeVersion: shown.Ref.Version, NoticeSHA256: shown.Ref.SHA256, Lang: shown.Ref.Lang, Requested: "hi-IN",
		Origin: "https://www.bank.example", Channel: "widget", ClientVersion: "1.0.0", ClientBuild: "0123456789abcdef", Actor: "self",
		SubjectSource: "page",
	}
	store, err := sqlite.Open(dir)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	keys := consent.Keys{Lookup: secret, Log: [][]byte{secret}}
	log := consent.LogOptions{Origin: "consent.example.com/v1/log", PublishEvery: time.Minute, Anchor: filepath.Join(dir, "log.anchor")}
	if g.ledger, err = consent.New(store, keys, time.Now, slog.New(slog.DiscardHandler), consent.WithLog(log)); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return g, g.ledger.PutNotice(ctx, shown.Ref.SHA256, shown.Bytes)
}

// decision is that of the n-th person.
func (g *growing) decision(n int64) consent.Decision {
	d := g.sample
	d.ShownAt, d.Nonce, d.IdempotencyKey = time.Now().Add(-time.Minute), rand.Text()[:22], rand.Text()
	d.Subject = "customer-" + strconv.FormatInt(n, 10)
	copy(d.Digest[:], d.IdempotencyKey)
	return d
}

// consent is the whole life of one: given, used for a call, redeemed.
func (g *growing) consent(ctx context.Context, n int64) (id string, err error) {
	given, err := g.ledger.Give(ctx, g.decision(n))
	if err != nil {
		return "", err
	}
	transaction := hex.EncodeToString([]byte(rand.Text()[:16]))
	call := consent.Call{Endpoint: "connect", Result: "ok", TransactionID: transaction, At: time.Now()}
	if _, err := g.ledger.Used(ctx, given.Committed, []consent.Call{call}); err != nil {
		return "", err
	}
	_, err = g.ledger.Redeem(ctx, consent.Redemption{ConsentID: given.ID(), JTI: given.ID() + ".1", Token: given.ID()})
	return given.ID(), err
}

// grow adds consents until there are total, and returns how long one took.
func (g *growing) grow(ctx context.Context, total int) (each time.Duration, err error) {
	from := len(g.ids)
	g.ids = append(g.ids, make([]string, total-from)...)
	g.made.Store(int64(from))
	begin := time.Now()
	err = atOnce(callers, func() error {
		for {
			n := g.made.Add(1) - 1
			if n >= int64(total) {
				return nil
			}
			id, err := g.consent(ctx, n)
			if err != nil {
				return err
			}
			g.ids[n] = id
		}
	})
	return time.Since(begin) / time.Duration(total-from), err
}

// atOnce runs a function in n goroutines and returns the first error.
func atOnce(n int, run func() error) error {
	failed := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { failed[i] = run() })
	}
	all.Wait()
	if i := slices.IndexFunc(failed, func(err error) bool { return err != nil }); i >= 0 {
		return failed[i]
	}
	return nil
}
