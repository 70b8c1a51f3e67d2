package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"sync"
	"time"
)

// round starts the relay, looks for what it acknowledged before it was killed
// last, loads it, kills it at a random moment, and checks the whole log.
func (c *crash) round(ctx context.Context) error {
	r, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer r.kill()
	if err := r.hasAll(ctx, c.last); err != nil {
		return err
	}
	shown, err := r.view(ctx)
	if err != nil {
		return err
	}
	told, unanswered := c.load(ctx, r, shown)
	c.unanswered += unanswered
	c.last, c.acknowledged = told, append(c.acknowledged, told...)
	verify := exec.CommandContext(ctx, c.program, "log", "verify", "--data", c.data)
	if text, err := verify.CombinedOutput(); err != nil {
		return fmt.Errorf("relay log verify: %w: %s", err, text)
	}
	return nil
}

// load has many callers ask for consents until the relay is dead. It returns
// the consents that were acknowledged, and how many requests had no answer.
func (c *crash) load(ctx context.Context, r *relay, shown view) (told []string, unanswered int) {
	var mu sync.Mutex
	var callers sync.WaitGroup
	for range c.callers {
		callers.Go(func() {
			for {
				id, err := r.agree(ctx, shown)
				mu.Lock()
				if err != nil {
					unanswered++
					mu.Unlock()
					return
				}
				told = append(told, id)
				mu.Unlock()
			}
		})
	}
	time.Sleep(rand.N(longest)) // the random moment: there is nothing to wait for
	r.kill()
	callers.Wait()
	return told, unanswered
}

// hasAll returns an error that names the consents that the relay does not have.
func (r *relay) hasAll(ctx context.Context, ids []string) error {
	var lost []string
	for _, id := range ids {
		there, err := r.has(ctx, id)
		if err != nil {
			return err
		}
		if !there {
			lost = append(lost, id)
		}
	}
	if len(lost) > 0 {
		return fmt.Errorf("lost %d: %v", len(lost), lost)
	}
	return nil
}
