package webhook

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/secret"
)

const site = "pk_test_pass" // of storetest's decisions

var key = bytes.Repeat([]byte{3}, 32)

// partner is a partner's back end, over TLS.
type partner struct {
	*httptest.Server
	mu     sync.Mutex
	got    []*http.Request
	bodies [][]byte
	answer http.HandlerFunc
}

func newPartner(t *testing.T) *partner {
	p := &partner{answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }}
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		p.got, p.bodies = append(p.got, r), append(p.bodies, body)
		answer := p.answer
		p.mu.Unlock()
		answer(w, r)
	}))
	p.Config.ErrorLog = nil
	t.Cleanup(p.Close)
	return p
}

func (p *partner) answers(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func (p *partner) requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.got)
}

func (p *partner) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.Certificate())
	return pool
}

// told is a worker with its outbox, in a ledger on disk.
type told struct {
	*Worker
	clock    *storetest.Clock
	dir      string
	ledger   *consent.Ledger
	outcomes []Outcome
	log      bytes.Buffer
}

func newTold(t *testing.T, to Endpoint, roots *x509.CertPool) *told {
	w := &told{clock: storetest.NewClock(), dir: t.TempDir()}
	w.Worker = New(map[string]Endpoint{site: to}, w.clock.Now, slog.New(slog.NewTextHandler(&w.log, nil)),
		func(o Outcome) { w.outcomes = append(w.outcomes, o) }, roots)
	w.open(t)
	return w
}

func (w *told) open(t *testing.T) {
	store, err := sqlite.Open(w.dir)
	require.NoError(t, err)
	w.ledger = storetest.NewLedger(t, store, w.clock, consent.WithOutbox(w.Wants, w.Notify))
}

// withdraw writes one message.
func (w *told) withdraw(t *testing.T, key string) consent.State {
	state, err := w.ledger.Give(t.Context(), storetest.Decision(key))
	require.NoError(t, err)
	state, err = w.ledger.Withdraw(t.Context(), consent.Withdrawal{ID: state.ID(), Via: consent.ViaReceipt})
	require.NoError(t, err)
	return state
}

func (w *told) step(t *testing.T) time.Time {
	next, err := w.Step(t.Context(), w.ledger)
	require.NoError(t, err)
	return next
}

func (w *told) counts(t *testing.T) []int {
	waiting, givenUp, err := w.ledger.MessageCount(t.Context())
	require.NoError(t, err)
	return []int{waiting, givenUp}
}

func TestAPartnerGetsASignedMessageOnce(t *testing.T) {
	p := newPartner(t)
	w := newTold(t, Endpoint{p.URL + "/hooks?k=canary", key, true}, p.roots())
	state := w.withdraw(t, "key-of-a-withdrawal")
	w.step(t)
	w.step(t)
	require.Equal(t, 1, p.requests())
	require.Equal(t, []int{0, 0}, w.counts(t))
	require.Equal(t, []Outcome{Delivered}, w.outcomes)

	r, body := p.got[0], p.bodies[0]
	require.Equal(t, http.MethodPost, r.Method)
	require.Equal(t, "/hooks?k=canary", r.URL.String())
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))
	require.Equal(t, "msg_"+strings.ReplaceAll(state.ID(), "-", "")+"_withdrawn", r.Header.Get("webhook-id"))
	stamp := strconv.FormatInt(storetest.Start.Unix(), 10)
	require.Equal(t, stamp, r.Header.Get("webhook-timestamp"))
	var message struct {
		Type, Timestamp string
		Data            map[string]string
	}
	require.NoError(t, json.Unmarshal(body, &message))
	require.Equal(t, "consent.withdrawn", message.Type)
	require.Equal(t, map[string]string{"consent_id": state.ID(), "sitekey": site, "purpose": "account-opening", "via": "receipt"}, message.Data)
	require.Equal(t, sign(key, r.Header.Get("webhook-id"), storetest.Start, body), r.Header.Get("webhook-signature"))
	require.NotContains(t, w.log.String(), "canary")
}

// The example of the specification's own libraries.
func TestTheSignatureIsThatOfStandardWebhooks(t *testing.T) {
	key, err := Key(secret.New("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
	require.NoError(t, err)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)))
	for _, bad := range []string{"", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_c2hvcnQ=", "whsec_!"} {
		_, err := Key(secret.New(bad))
		require.ErrorContains(t, err, "relay keygen webhook")
	}
	again, err := Key(secret.New(NewSecret(key)))
	require.NoError(t, err)
	require.Equal(t, key, again)
}

func TestAFailedMessageIsTriedOverThreeDaysThenKept(t *testing.T) {
	p := newPartner(t)
	p.answers(http.StatusServiceUnavailable)
	w := newTold(t, Endpoint{p.URL, key, true}, p.roots())
	w.withdraw(t, "key-of-a-withdrawal")
	last := storetest.Start
	for tries := 1; tries <= len(pauses); tries++ {
		next := w.step(t)
		require.Equal(t, tries, p.requests())
		require.Equal(t, []int{1, 0}, w.counts(t))
		w.step(t)
		require.Equal(t, tries, p.requests(), "not before it is due")
		w.clock.Move(next.Sub(w.clock.Now()))
		last = next
	}
	over := last.Sub(storetest.Start)
	require.InDelta(t, 72, over.Hours(), 4)
	w.step(t)
	require.Equal(t, len(pauses)+1, p.requests())
	require.Equal(t, []int{0, 1}, w.counts(t), "given up, but kept")
	w.clock.Move(1000 * time.Hour)
	w.step(t)
	require.Equal(t, len(pauses)+1, p.requests())
	require.Equal(t, GivenUp, w.outcomes[len(w.outcomes)-1])
	id := p.got[0].Header.Get("webhook-id")
	for _, r := range p.got {
		require.Equal(t, id, r.Header.Get("webhook-id"), "the same message at every try")
	}
}

func TestAMessageSurvivesARestart(t *testing.T) {
	p := newPartner(t)
	p.answers(http.StatusInternalServerError)
	w := newTold(t, Endpoint{p.URL, key, true}, p.roots())
	w.withdraw(t, "key-of-a-withdrawal")
	next := w.step(t)
	require.NoError(t, w.ledger.Close())
	w.open(t)
	p.answers(http.StatusOK)
	require.Equal(t, next.UnixMilli(), w.step(t).UnixMilli(), "it still waits for its next try")
	w.clock.Move(next.Sub(w.clock.Now()) + time.Millisecond)
	w.step(t)
	require.Equal(t, 2, p.requests())
	require.Equal(t, []int{0, 0}, w.counts(t))
	require.Equal(t, []Outcome{Failed, Delivered}, w.outcomes)
}

func TestARedirectIsAFailure(t *testing.T) {
	other, p := newPartner(t), newPartner(t)
	p.answer = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}
	w := newTold(t, Endpoint{p.URL, key, true}, p.roots())
	w.withdraw(t, "key-of-a-withdrawal")
	w.step(t)
	require.Equal(t, []Outcome{Failed}, w.outcomes)
	require.Zero(t, other.requests())
}

func TestAPartnerThatIsNotPublicIsNotCalled(t *testing.T) {
	p := newPartner(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(p.URL, "https://"), ":")
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]"} { // a name is judged by what DNS says
		w := newTold(t, Endpoint{"https://" + host + ":" + port, key, false}, p.roots())
		w.withdraw(t, "key-of-a-withdrawal")
		w.step(t)
		require.Equal(t, []Outcome{Failed}, w.outcomes)
		require.Contains(t, w.log.String(), "not a public one")
	}
	require.Zero(t, p.requests())
}

func TestACertificateMustBeValid(t *testing.T) {
	p := newPartner(t)
	w := newTold(t, Endpoint{p.URL, key, true}, x509.NewCertPool())
	w.withdraw(t, "key-of-a-withdrawal")
	w.step(t)
	require.Equal(t, []Outcome{Failed}, w.outcomes)
	require.Zero(t, p.requests())
}

func TestOnePartnersTroubleHoldsUpNobodyElse(t *testing.T) {
	p := newPartner(t)
	w := newTold(t, Endpoint{p.URL, key, true}, p.roots())
	p.answer = func(rw http.ResponseWriter, r *http.Request) {
		if p.requests() == 1 {
			rw.WriteHeader(http.StatusTeapot)
		}
	}
	for _, k := range []string{"key-of-the-first-one", "key-of-the-second-one", "key-of-the-third-one"} {
		w.withdraw(t, k)
	}
	w.step(t)
	require.Equal(t, []Outcome{Failed, Delivered, Delivered}, w.outcomes)
}

func TestASiteThatIsGoneFromTheConfigurationIsNotTold(t *testing.T) {
	p := newPartner(t)
	w := newTold(t, Endpoint{p.URL, key, true}, p.roots())
	w.withdraw(t, "key-of-a-withdrawal")
	w.SetEndpoints(nil)
	w.step(t)
	require.Equal(t, []Outcome{Failed}, w.outcomes)
	require.False(t, w.Wants(site))
}

func TestRunDeliversWhenItIsToldAndEndsWithItsContext(t *testing.T) {
	p := newPartner(t)
	w := newTold(t, Endpoint{p.URL, key, true}, p.roots())
	arrived := make(chan struct{}, 1)
	p.answer = func(http.ResponseWriter, *http.Request) { arrived <- struct{}{} }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx, w.ledger) }()
	w.withdraw(t, "key-of-a-withdrawal")
	<-arrived
	stop()
	<-ended
}

// broken is an outbox whose store is down.
type broken struct{ Outbox }

func (broken) Take(context.Context, time.Time, time.Time) (m consent.Message, ok bool, next time.Time, err error) {
	return m, false, next, errors.New("down")
}

func TestAStoreThatIsDownIsTriedAgainLater(t *testing.T) {
	w := newTold(t, Endpoint{}, nil)
	next, err := w.Step(t.Context(), broken{})
	require.Error(t, err)
	require.Equal(t, storetest.Start.Add(look).UnixMilli(), next.UnixMilli())
}
