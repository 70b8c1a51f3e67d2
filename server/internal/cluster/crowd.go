package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// crowd is a number of visitors, one after the other at each of so many places,
// with the partner's back end behind them.
type crowd struct {
	*client
	stop  context.CancelFunc
	gone  sync.WaitGroup
	mu    sync.Mutex
	facts map[string]*facts // by consent
	count int               // of what was acknowledged
	cut   int               // requests without a relay's answer
	wrong []string          // what must never happen
}

// facts are what was acknowledged of a consent or a refusal.
type facts struct {
	kinds    map[string]bool // events
	redeemed int             // answers that said so, to different requests
}

// admit lets visitors in until leave.
func (c *cluster) admit(ctx context.Context, n int) *crowd {
	ctx, stop := context.WithCancel(ctx)
	crowd := &crowd{
		client: newClient(c.url, c.sites[0], n), stop: stop, facts: map[string]*facts{},
	}
	for range n {
		crowd.gone.Go(func() {
			for ctx.Err() == nil {
				crowd.visit(ctx)
			}
		})
	}
	return crowd
}

func (c *crowd) leave() {
	c.stop()
	c.gone.Wait()
}

// told is how many events were acknowledged, and how many requests were cut off.
func (c *crowd) told() (acknowledged, cut int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count, c.cut
}

// acknowledge notes that somebody was told of an event.
func (c *crowd) acknowledge(consent, kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.facts[consent]
	if f == nil {
		f = &facts{kinds: map[string]bool{}}
		c.facts[consent] = f
	}
	if !f.kinds[kind] {
		c.count++
	}
	f.kinds[kind] = true
	if kind == "redeemed" {
		f.redeemed++
	}
}

func (c *crowd) failed(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// insist is how long a visitor tries to get an answer, as the widget does.
const insist = 30 * time.Second

// visit is one visitor's way: most agree, some refuse, some take another picture,
// some withdraw. Each request goes to another relay.
func (c *crowd) visit(ctx context.Context) {
	shown, err := c.view(ctx)
	if err != nil {
		c.pause(ctx)
		return
	}
	decision := shown.decision()
	if rand.N(6) == 0 {
		c.withTicket(ctx, decision)
	}
	if rand.N(3) == 0 {
		var reply consented
		if c.until(ctx, "/v1/declines", decision, &reply) == http.StatusCreated {
			c.acknowledge(reply.Consent.ID, "refused")
		}
		return
	}
	session, ok := c.agree(ctx, decision)
	if !ok {
		return
	}
	if rand.N(10) == 0 {
		c.receipt(ctx, session.Consent.ReceiptURL)
	}
	if rand.N(5) == 0 {
		var again struct {
			Session string `json:"session"`
		}
		if c.until(ctx, "/v1/captchas", map[string]string{"session": session.Session}, &again) == http.StatusOK {
			session.Session = again.Session
		}
	}
	var answer struct {
		Token string `json:"token"`
	}
	if c.until(ctx, "/v1/answers", map[string]string{"session": session.Session, "answer": "ab12"}, &answer) != http.StatusCreated {
		return
	}
	c.redeem(ctx, session.Consent.ID, answer.Token)
	if rand.N(8) == 0 {
		c.withdraw(ctx, session.Consent.ID, session.Session)
	}
}

// session is the answer to an agreement.
type session struct {
	consented
	Session string `json:"session"`
}

// agree presses the button, now and then twice: two relays get the same decision at
// the same time, and both mean the same consent. With a ticket, it is pressed in two
// tabs: there is one consent, or none.
func (c *crowd) agree(ctx context.Context, decision map[string]string) (s session, ok bool) {
	other := maps.Clone(decision)
	if _, ticketed := decision["ticket"]; ticketed {
		other["idempotency_key"] = key()
	} else if rand.N(6) > 0 {
		other = nil
	}
	var second session
	var both sync.WaitGroup
	if other != nil {
		both.Go(func() { c.until(ctx, "/v1/sessions", other, &second) })
	}
	status := c.until(ctx, "/v1/sessions", decision, &s)
	both.Wait()
	for _, one := range []session{s, second} {
		if one.Consent.ID != "" { // a problem after the commit names it too
			c.acknowledge(one.Consent.ID, "given")
		}
	}
	if s.Consent.ID != "" && second.Consent.ID != "" && s.Consent.ID != second.Consent.ID {
		c.failed("one decision or ticket made two consents: %s, %s", s.Consent.ID, second.Consent.ID)
	}
	return s, status == http.StatusCreated
}

// withTicket has the partner say who the visitor is.
func (c *crowd) withTicket(ctx context.Context, decision map[string]string) {
	var minted struct {
		Ticket string `json:"ticket"`
	}
	if status, err := c.do(ctx, http.MethodPost, "/v1/tickets", map[string]string{"subject": key()}, c.bearer(), &minted); err == nil && status == http.StatusCreated {
		decision["ticket"] = minted.Ticket
	}
}

// redeem sends the token twice at the same time: without a key one of them is told
// that it was seen, with a key both get the same bytes.
func (c *crowd) redeem(ctx context.Context, consent, token string) {
	body := map[string]string{"response": token}
	keyed := rand.N(2) == 0
	if keyed {
		body["idempotency_key"] = key()
	}
	var answers [2]verdict
	var both sync.WaitGroup
	for i := range answers {
		both.Go(func() { answers[i] = c.verify(ctx, body) })
	}
	both.Wait()
	for i, v := range answers {
		if v.success && (i == 0 || !keyed || !answers[0].success) {
			c.acknowledge(consent, "redeemed")
		}
	}
	if keyed && answers[0].success && answers[1].success && answers[0].text != answers[1].text {
		c.failed("the same key got two answers for consent %s", consent)
	}
}

// receipt looks at the receipt, at whichever relay.
func (c *crowd) receipt(ctx context.Context, address string) {
	at, err := url.Parse(address)
	if err != nil {
		c.failed("a receipt's address does not parse: %v", err)
		return
	}
	switch _, status, err := c.send(ctx, http.MethodGet, at.Path, nil, nil); {
	case err != nil, status == http.StatusOK, status >= http.StatusInternalServerError:
	default:
		c.failed("a receipt: status %d", status)
	}
}

// withdraw ends a consent; after that no relay may call the vendor for it.
func (c *crowd) withdraw(ctx context.Context, consent, session string) {
	if c.partner(ctx, "/v1/consents/"+consent+"/withdraw") != http.StatusOK {
		return
	}
	c.acknowledge(consent, "withdrawn")
	for range relays {
		var reply struct{}
		switch status := c.page(ctx, "/v1/captchas", map[string]string{"session": session}, &reply); status {
		case http.StatusGone, 0, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		default:
			c.failed("a picture after the withdrawal of %s: status %d", consent, status)
		}
	}
}

// until asks again while the answer is none, or one that may get better, as the
// widget and its visitor do. Every try is the same request.
func (c *crowd) until(ctx context.Context, path string, body, into any) (status int) {
	for begin := time.Now(); time.Since(begin) < insist; c.pause(ctx) {
		status = c.page(ctx, path, body, into)
		switch {
		case status == 0, status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
			c.unanswered()
		case status != http.StatusTooManyRequests && status < 500:
			return status
		}
		if ctx.Err() != nil {
			return status
		}
	}
	return status
}

// unanswered counts requests that were cut off.
func (c *crowd) unanswered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut++
}

func (c *crowd) pause(ctx context.Context) {
	pass(ctx, 100*time.Millisecond+rand.N(200*time.Millisecond))
}
