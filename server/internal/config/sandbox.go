package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/secret"
)

// TestSitekeys are the sitekeys of the sandbox, each with an outcome of its
// own: pk_test_slow has a vendor that takes its time, and so on.
var TestSitekeys = []string{
	"pk_test_pass", "pk_test_slow", "pk_test_busy", "pk_test_down", "pk_test_rejected",
	"pk_test_badjpeg", "pk_test_expired", "pk_test_wrongcaptcha",
}

// TestSecret is the secret that goes with a test sitekey. It protects nothing.
func TestSecret(sitekey string) string { return "sk_test_" + strings.TrimPrefix(sitekey, "pk_test_") }

// SandboxOptions is what the sandbox's settings depend on.
type SandboxOptions struct {
	Data      string // directory of the ledger and the keys, made if it is not there
	PublicURL string // with the port that is listened on
	VendorURL string // the emulator's, or another that --vendor-url names
	// Credentials of the account behind a test sitekey, by which the emulator
	// knows what to play; nil for sandbox/sandbox on every account.
	Credentials func(sitekey string) (id, key string)
	Plan        string // the vendor's, by which calls are paced; empty for no pacing
	Limits      bool   // limits by address, as outside the sandbox
}

// Sandbox makes the settings of `relay serve --sandbox`, and the keys in the
// data directory unless they are there.
func Sandbox(o SandboxOptions) (*Config, Keys, error) {
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return nil, Keys{}, fmt.Errorf("config: data directory: %w", err)
	}
	var allowance pace.Plan
	if o.Plan != "" {
		var err error
		if allowance, err = pace.PlanNamed(o.Plan); err != nil {
			return nil, Keys{}, err
		}
	}
	c := defaults()
	c.Sandbox, c.AllowDrafts = true, true
	if !o.Limits {
		c.Limits = Limits{}
	}
	c.Data, c.Keys = o.Data, filepath.Join(o.Data, KeysFile)
	c.PublicURL = strings.TrimRight(o.PublicURL, "/")
	c.Log.Origin, c.Log.PublishEvery = consent.SandboxOrigin, 0
	c.Listen, c.AdminListen = "127.0.0.1:8080", "127.0.0.1:8081"
	c.Accounts = map[string]Account{}
	c.Purposes = map[string]notice.Purpose{notice.SandboxPurpose: notice.Sandbox()}
	for _, sitekey := range TestSitekeys {
		id, key := "sandbox", "sandbox"
		if o.Credentials != nil {
			id, key = o.Credentials(sitekey)
		}
		name := strings.ReplaceAll(strings.TrimPrefix(sitekey, "pk_"), "_", "-")
		c.Accounts[name] = Account{
			URL: o.VendorURL, ClientID: id, ClientSecret: secret.New(key), Deadline: defaultDeadline,
			Allowance: allowance, UnticketedShare: 0.5, OTP: OTPByRelay, OTPDeadline: defaultOTPDeadline, Share: 1,
		}
		c.Sites = append(c.Sites, Site{
			Name: "Sandbox: " + sitekey, Sitekey: sitekey, Account: name, Purposes: []string{notice.SandboxPurpose},
			Secrets:     []SecretHash{HashSecret(TestSecret(sitekey))},
			anyLoopback: true, TokensExpired: sitekey == "pk_test_expired",
		})
	}
	keys, err := sandboxKeys(c.Keys)
	return &c, keys, err
}

func sandboxKeys(path string) (Keys, error) {
	keys, err := CreateKeys(path, time.Now())
	if errors.Is(err, fs.ErrExist) {
		if err := completeKeys(path); err != nil {
			return Keys{}, err
		}
		return LoadKeys(path)
	}
	return keys, err
}
