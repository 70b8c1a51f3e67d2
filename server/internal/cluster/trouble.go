package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// trouble is one thing that comes over the cluster while it is used.
type trouble struct {
	name  string
	comes func(context.Context, *cluster) error
}

// some are for a short test, everything is what there is.
var (
	some       = []trouble{killRelay(0), failover}
	everything = []trouble{killRelay(0), cutConnections, killRelay(1), failover, cutConnections, rollingRestart, freeze, killRelay(2), killAll}
)

func killRelay(i int) trouble {
	return trouble{fmt.Sprintf("relay %d killed, and started again", i+1), func(ctx context.Context, c *cluster) error {
		c.relays[i].kill()
		pass(ctx, time.Second)
		return c.relays[i].start(ctx)
	}}
}

// freeze stops a relay in the middle of whatever it does, such as a turn of its own
// in the database, for longer than the database waits for it.
var freeze = trouble{"relay 2 stopped for 5 s, and continued", func(ctx context.Context, c *cluster) error {
	relay := c.relays[1].running.cmd.Process
	if err := relay.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	pass(ctx, 5*time.Second)
	return relay.Signal(syscall.SIGCONT)
}}

var killAll = trouble{"all relays killed at once, and started again", func(ctx context.Context, c *cluster) error {
	for _, r := range c.relays {
		r.kill()
	}
	for _, r := range c.relays {
		if err := r.start(ctx); err != nil {
			return err
		}
	}
	return nil
}}

var cutConnections = trouble{"every connection to the database cut, five times", func(ctx context.Context, c *cluster) error {
	for range 5 {
		err := c.primary().Exec(ctx, "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ekyc_relay'")
		if err != nil {
			return err
		}
		pass(ctx, 300*time.Millisecond)
	}
	return nil
}}

// failover kills the primary and has the standby take over. What the new primary
// acknowledges, it has alone: a third server would follow it in production.
var failover = trouble{"primary killed, and its standby promoted", func(ctx context.Context, c *cluster) error {
	if err := c.first.Kill(); err != nil {
		return err
	}
	pass(ctx, time.Second) // somebody has to notice
	if err := c.second.Promote(); err != nil {
		return err
	}
	c.promoted = true
	return c.serves(ctx)
}}

var rollingRestart = trouble{"the relays restarted one by one", func(ctx context.Context, c *cluster) error {
	for _, r := range c.relays {
		r.running.stop()
		if err := r.start(ctx); err != nil {
			return err
		}
	}
	return nil
}}

// serves waits until each relay says that it can record decisions again.
func (c *cluster) serves(ctx context.Context) error {
	for i, r := range c.relays {
		for begin := time.Now(); ; pass(ctx, 50*time.Millisecond) {
			one := newClient(r.url, c.sites[0], 1)
			_, status, err := one.send(ctx, http.MethodGet, "/readyz", nil, nil)
			if err == nil && status == http.StatusOK {
				break
			}
			if time.Since(begin) > patience || ctx.Err() != nil {
				return fmt.Errorf("relay %d is not ready: status %d, %w", i+1, status, err)
			}
		}
	}
	return nil
}

// saveCheckpoint keeps what the log shows now: at the end it must have grown from
// it.
func (c *cluster) saveCheckpoint(ctx context.Context) error {
	for begin := time.Now(); ; pass(ctx, 100*time.Millisecond) {
		answer, err := http.Get(c.url + "/v1/log/checkpoint")
		if err == nil {
			text, readErr := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			if readErr == nil && answer.StatusCode == http.StatusOK {
				path := filepath.Join(c.dir, fmt.Sprintf("checkpoint%d", len(c.checkpoints)+1))
				c.checkpoints = append(c.checkpoints, path)
				return os.WriteFile(path, text, 0o600)
			}
			err = readErr
		}
		if time.Since(begin) > patience || ctx.Err() != nil {
			return fmt.Errorf("no checkpoint: %w", err)
		}
	}
}
