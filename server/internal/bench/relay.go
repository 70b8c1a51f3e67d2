package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/freeport"
)

// The relay is measured as in production: with a configuration, keys of its own,
// limits off since everybody here has one address.
const (
	sitekey = "pk_live_bench-mark-0001"
	purpose = "account-opening"
	page    = "https://www.bank.example"
)

// allowance is more than is ever used here: what a plan costs in waiting is another
// part's.
const allowance = "{per_second: 100000, per_minute: 2000000, per_day: 2000000}"

// vendorLatency is what the vendor's double takes for each call, for whoever calls
// it. The vendor itself takes longer; a longer wait measures nothing but waiting.
const vendorLatency = 10 * time.Millisecond

// vendor is the double that all share, a program of its own.
func (l *lab) vendor(ctx context.Context) (*program, error) {
	l.vendorOnce.Do(func() {
		l.vendorAt, l.vendorErr = l.start(ctx, l.relay, "sandbox", "--listen", "127.0.0.1:0", "--latency", vendorLatency.String())
	})
	return l.vendorAt, l.vendorErr
}

// startRelay runs a relay before that vendor. store is a line of its
// configuration, or nothing for its own file.
func (l *lab) startRelay(ctx context.Context, vendor *program, store string) (*program, error) {
	dir, err := l.directory("relay")
	if err != nil {
		return nil, err
	}
	if _, err := output(ctx, l.relay, "keygen", "keys", "--out", filepath.Join(dir, "keys.yaml")); err != nil {
		return nil, err
	}
	address, err := freeport.Address()
	if err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(address, ":")
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("sandbox"), 0o600); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "relay.yaml")
	if err := os.WriteFile(path, []byte(configuration(port, vendor.URL, store)), 0o600); err != nil {
		return nil, err
	}
	p, err := l.start(ctx, l.relay, "serve", "--config", path)
	if err != nil {
		return nil, err
	}
	p.URL = "http://" + address // "localhost" may be looked up as another address first
	return p, nil
}

func configuration(port, vendor, store string) string {
	return `public_url: http://localhost:` + port + `
listen: 127.0.0.1:` + port + `
admin_listen: 127.0.0.1:0
data: data
keys: keys.yaml
` + store + `
limits: {view: 0, sessions: 0, declines: 0, captchas: 0, answers: 0, wrong_secrets: 0}
accounts:
  main:
    url: ` + vendor + `
    client_id: sandbox
    client_secret_file: secret
    allowance: ` + allowance + `
purposes:
  ` + purpose + `:
    version: "1"
    withdraw_url: ` + page + `/withdraw
    rights_url: ` + page + `/rights
    board_complaint_url: ` + page + `/board
    alternative_url: ` + page + `/other-id
    contact: {email: privacy@bank.example}
    ovse_registration: OVSE-0001
    texts:
      en:
        controller: Example Bank Limited
        address: 1 Example Road, Mumbai 400001
        purpose: Checking your identity (KYC) to open a savings account
        service: a savings account in your name
        uses: [compare your name and address with your application, compare your photo with you]
        alternatives: [your passport or driving licence, a visit to a branch with your papers]
        retention: The bank keeps the details for five years after the account is closed.
        storage: The details are stored in India.
        contact_name: Example Bank's Data Protection Officer
sites:
  - name: Example Bank
    sitekey: ` + sitekey + `
    account: main
    secrets: ["sha256:1111111111111111111111111111111111111111111111111111111111111111"]
    origins: ["` + page + `"]
    purposes: [` + purpose + `]
`
}

// decision is the body of POST /v1/sessions up to the idempotency key, for a
// notice that the relay just showed.
func (p *program) decision(ctx context.Context) (prefix string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/v1/view?lang=en&sitekey="+sitekey+"&purpose="+purpose, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Origin", page)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var view struct {
		Notice struct {
			SHA256 string `json:"sha256"`
		} `json:"notice"`
		Presentation string `json:"presentation"`
	}
	if err := json.UnmarshalRead(answer.Body, &view); err != nil || answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("view: status %d: %w", answer.StatusCode, err)
	}
	return fmt.Sprintf(`{"sitekey":%q,"purpose":%q,"presentation":%q,"notice_sha256":%q,"client":{"channel":"widget","version":"1.0.0","build":"abcdefghijklmnop"},"idempotency_key":"`,
		sitekey, purpose, view.Presentation, view.Notice.SHA256), nil
}

// metric is the sum of a counter or gauge of the relay, over its labels.
func (p *program) metric(ctx context.Context, name string) (sum float64, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.AdminURL+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		label, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if label, _, _ = strings.Cut(label, "{"); ok && label == name {
			figure, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return 0, err
			}
			sum += figure
		}
	}
	return sum, nil
}
