package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

var waitingBudget = budget{"5,000 requests waiting, vendor at 2 s", "RSS ≤ 200 MB (goal 120)"}

const waiting = 5000

// measureWaiting looks at what a relay holds while many wait, how soon it serves,
// and how big it is.
func measureWaiting(ctx context.Context, l *lab, s *section) error {
	slow, err := l.start(ctx, l.relay, "sandbox", "--listen", "127.0.0.1:0", "--latency", "2s")
	if err != nil {
		return err
	}
	defer slow.stop()
	const megabyte = 1 << 20
	var idle, busy, highest, start samples
	for round := range l.rounds() {
		l.say("waiting: round %d", round+1)
		r, err := l.crowd(ctx, slow)
		if err != nil {
			return err
		}
		idle, busy, highest = append(idle, r.idle/megabyte), append(busy, r.busy/megabyte), append(highest, r.highest/megabyte)
		start = append(start, float64(r.start.Microseconds())/1e3)
	}
	size, err := os.Stat(l.relay)
	if err != nil {
		return err
	}
	s.judge(waitingBudget, highest.median() <= 200, "%s MB at the most", highest.text("%.0f"))
	s.line("%s people press \"I agree\" within a second, on a connection each, before a vendor that takes 2 s for each call: the line and %d connections to the vendor keep most of them waiting. SQLite, real configuration.", grouped(waiting), 256)
	s.table([]string{"", ""},
		[]string{"resident memory after the start, MB", idle.text("%.0f")},
		[]string{"with 5,000 waiting, MB", busy.text("%.0f")},
		[]string{"the most until all were answered, MB", highest.text("%.0f")},
		[]string{"from the start of the program until it serves, ms", start.text("%.0f")},
		[]string{"the program `bin/relay`, MB", fmt.Sprintf("%.1f", float64(size.Size())/megabyte)})
	return nil
}

// crowded is what one relay showed; memory in bytes.
type crowded struct {
	idle, busy, highest float64
	start               time.Duration
}

// crowd has many wait at a relay of its own.
func (l *lab) crowd(ctx context.Context, vendor *program) (c crowded, err error) {
	p, err := l.startRelay(ctx, vendor, "")
	if err != nil {
		return c, err
	}
	defer p.stop()
	c.start = p.took
	if c.idle, err = p.memory("VmRSS"); err != nil {
		return c, err
	}
	body, err := p.decision(ctx)
	if err != nil {
		return c, err
	}
	host := strings.TrimPrefix(p.URL, "http://")
	var sent atomic.Int64
	all := make(chan error, 1)
	go func() {
		all <- atOnce(waiting, func() error {
			if err := ask(ctx, host, body+rand.Text()+`"}`, &sent); err != nil {
				return err
			}
			return nil
		})
	}()
	for sent.Load() < waiting { // until everybody has asked
		select {
		case err := <-all:
			return c, fmt.Errorf("a request failed before all had asked: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if c.busy, err = p.memory("VmRSS"); err != nil {
		return c, err
	}
	if err := <-all; err != nil {
		return c, err
	}
	c.highest, err = p.memory("VmHWM")
	return c, err
}

// ask sends one request on a connection of its own and waits for its answer,
// whatever that says: a vendor so slow cannot serve everybody in time.
func ask(ctx context.Context, host, body string, sent *atomic.Int64) error {
	c, err := (&net.Dialer{Timeout: 30 * time.Second}).DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = fmt.Fprintf(c, "POST /v1/sessions HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", host, page, len(body), body)
	if err != nil {
		return err
	}
	sent.Add(1)
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
