package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"ekycconnect/server/internal/pgtest"
)

var (
	throughputBudget = budget{"`POST /v1/sessions`, 256 connections, against `httputil.ReverseProxy`", "≥ 0.4 × (goal 0.6)"}
	expressBudget    = budget{"`POST /v1/sessions`, 256 connections, against Express and `pg`", "≥ 2 ×"}
)

// offered is the rate of the open loop, a second: what the slowest takes with
// room to spare.
const offered = 300

// measured is what the rounds brought of one target.
type measured struct {
	target
	perSecond, cpu samples // cpu in µs a request
	took           []time.Duration
	failed         int   // of all
	broken         error // why there are no more figures
}

// measureSessions loads the relay and its rivals in turn, round after round.
func measureSessions(ctx context.Context, l *lab, s *section) error {
	all, problems := l.targets(ctx)
	for _, problem := range problems {
		s.line("\nNot measured: %v\n", problem)
	}
	length, quiet := 4*time.Second, 5*time.Second
	if l.quick {
		length, quiet = time.Second, time.Second
	}
	for _, m := range all { // once unseen: caches, connections, compiled code
		_, m.broken = l.closedLoop(ctx, m.target, max(length/2, time.Second))
	}
	var allocations, bytes samples
	for round := range l.rounds() {
		l.say("sessions: round %d", round+1)
		for _, m := range all {
			if m.broken != nil {
				continue
			}
			before := m.counters(ctx)
			var r rate
			if r, m.broken = l.closedLoop(ctx, m.target, length); m.broken != nil {
				continue
			}
			m.perSecond, m.cpu = append(m.perSecond, r.perSecond), append(m.cpu, float64(r.cpu.Nanoseconds())/1e3)
			if m.name == relaySQLite {
				requests := r.perSecond * length.Seconds()
				after := m.counters(ctx)
				allocations, bytes = append(allocations, (after[0]-before[0])/requests), append(bytes, (after[1]-before[1])/requests)
			}
			var took []time.Duration
			var failed int
			took, failed, m.broken = l.openLoop(ctx, m.target, offered, quiet)
			m.took, m.failed = append(m.took, took...), m.failed+r.failed+failed
		}
	}
	// One that broke down is not compared with, and the others are.
	var whole []*measured
	for _, m := range all {
		if m.broken != nil {
			s.line("\nNot measured: %v\n", m.broken)
			l.say("%v; its log ends: %s", m.broken, m.program.lastWords())
			continue
		}
		whole = append(whole, m)
	}
	tell(s, whole, allocations, bytes)
	return ctx.Err()
}

const (
	relaySQLite   = "relay, SQLite"
	relayPostgres = "relay, PostgreSQL"
	bareProxy     = "httputil.ReverseProxy"
	express       = "Express and pg"
)

// targets starts everybody. What cannot be started is left out, with the reason.
func (l *lab) targets(ctx context.Context) (all []*measured, problems []error) {
	vendor, err := l.vendor(ctx)
	if err != nil {
		return nil, []error{err}
	}
	add := func(t target, err error) {
		if err != nil {
			problems = append(problems, err)
			return
		}
		all = append(all, &measured{target: t})
	}
	add(l.nginx(ctx, vendor))
	add(l.bareProxy(ctx, vendor))
	add(l.startTarget(ctx, relaySQLite, vendor, ""))
	database, err := pgtest.Start(pgtest.Options{Durable: true})
	if err != nil {
		return all, append(problems, err)
	}
	l.atEnd(database.Remove)
	for _, name := range []string{"express", "relay"} {
		if err := database.Exec(ctx, "postgres", "CREATE DATABASE "+name); err != nil {
			return all, append(problems, err)
		}
	}
	add(l.express(ctx, database.DSN("express"), vendor))
	// A password must not stand in the configuration.
	if err := os.Setenv("BENCH_STORE", database.DSN("relay")); err != nil {
		return all, append(problems, err)
	}
	add(l.startTarget(ctx, relayPostgres, vendor, "store: ${BENCH_STORE}"))
	return all, problems
}

func (l *lab) startTarget(ctx context.Context, name string, vendor *program, store string) (target, error) {
	p, err := l.startRelay(ctx, vendor, store)
	if err != nil {
		return target{}, err
	}
	prefix, err := p.decision(ctx)
	return target{name: name, program: p, path: "/v1/sessions", body: prefix}, err
}

// counters are objects and bytes allocated so far; zero for what is not a relay.
func (m *measured) counters(ctx context.Context) (sum [2]float64) {
	for i, name := range []string{"go_memstats_mallocs_total", "go_memstats_alloc_bytes_total"} {
		if m.program.AdminURL != "" {
			sum[i], _ = m.program.metric(ctx, name) // 0 shows in the table
		}
	}
	return sum
}

func tell(s *section, all []*measured, allocations, bytes samples) {
	by := map[string]*measured{}
	rows := [][]string{{"", "requests/s", "against ReverseProxy", "processor time a request, µs", "p50, ms", "p99, ms", "p99.9, ms", "failed"}}
	for _, m := range all {
		by[m.name] = m
	}
	for _, m := range all {
		ratio := "–"
		if bare := by[bareProxy]; bare != nil {
			ratio = m.perSecond.over(bare.perSecond).text("%.2f")
		}
		rows = append(rows, []string{m.name, m.perSecond.text("%.0f"), ratio, m.cpu.text("%.0f"), milliseconds(m.took, 500), milliseconds(m.took, 990), milliseconds(m.took, 999), fmt.Sprint(m.failed)})
	}
	s.line("Throughput with %d connections that ask as fast as they are answered (wrk); latency at a fixed %d requests a second, whatever the answers do (an open loop, vegeta), %v of it the vendor's. Processor time is the target's own, of all its processes, without the vendor's double and the load, which share the processors.", connections, offered, vendorLatency)
	s.table(rows...)
	s.line("The relay checks the request, opens the sealed presentation, looks for a repeat, stands in line, commits the consent with its tree hashes and a signed checkpoint, calls the vendor, commits the call, seals the session, and writes a log line. One request allocates %s objects, %s KiB. nginx and ReverseProxy add two headers and pass on; Express stores a row before the call and one after it, and seals the session, in %d processes.",
		allocations.text("%.0f"), bytes.scaled(1.0/1024).text("%.0f"), processors())
	relay, bare, node := by[relaySQLite], by[bareProxy], by[express]
	if relay == nil {
		return // the rows say that it was not measured
	}
	if bare != nil {
		ratio := relay.perSecond.over(bare.perSecond)
		s.judge(throughputBudget, ratio.median() >= 0.4, "%s ×", ratio.text("%.2f"))
	}
	if node != nil {
		ratio := relay.perSecond.over(node.perSecond)
		s.judge(expressBudget, ratio.median() >= 2, "%s ×%s", ratio.text("%.2f"), besides(by[relayPostgres], node))
	}
}

// besides is what the relay does on the same PostgreSQL.
func besides(relay, node *measured) string {
	if relay == nil {
		return ""
	}
	return "; on the same PostgreSQL " + relay.perSecond.over(node.perSecond).text("%.2f") + " ×"
}

func milliseconds(took []time.Duration, perMille int) string {
	return fmt.Sprintf("%.1f", float64(percentile(took, perMille).Microseconds())/1e3)
}
