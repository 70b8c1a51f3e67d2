package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/deepvue/sandbox"
)

// worth is how many vendor calls a consent is worth.
const worth = 10

// errRefused says that all is right but the allowance, which was exceeded as the
// vendor counts.
var errRefused = errors.New("the vendor refused calls as above the plan")

// judge looks for everything that the crowd was told, with nobody about.
func (c *cluster) judge(ctx context.Context, crowd *crowd, out io.Writer) error {
	if err := c.serves(ctx); err != nil {
		return err
	}
	sum, err := c.find(ctx, crowd)
	if err != nil {
		return err
	}
	vendor, err := c.sites[0].vendorStats(ctx)
	if err != nil {
		return err
	}
	for _, checkpoint := range append(c.checkpoints, "") {
		text, err := c.verify(ctx, checkpoint)
		if err != nil {
			return err
		}
		if checkpoint == "" {
			fmt.Fprintln(out, text)
		}
	}
	calls := vendor.Connect + vendor.ReloadCaptcha
	fmt.Fprintf(out, "vendor calls %d, of them recorded %d, refused as above the plan %d\n", calls, sum.used, vendor.RateLimited)
	if sum.used > calls {
		crowd.failed("%d uses are recorded of %d vendor calls", sum.used, calls)
	}
	acknowledged, _ := crowd.told()
	fmt.Fprintf(out, "acknowledged %d lost %d double-redeemed %d over-allowance %d\n", acknowledged, len(sum.lost), len(sum.double), vendor.RateLimited)
	if wrong := append(append(sum.lost, sum.double...), crowd.wrong...); len(wrong) > 0 {
		return fmt.Errorf("%d of the vendor's refusals, and: %s", vendor.RateLimited, strings.Join(wrong, "; "))
	}
	if vendor.RateLimited > 0 {
		return fmt.Errorf("%w: %d times", errRefused, vendor.RateLimited)
	}
	return nil
}

// found is what the ledger has, against what was told.
type found struct {
	lost, double []string
	used         int // vendor calls that are recorded of consents that were told of
}

func (c *cluster) find(ctx context.Context, crowd *crowd) (sum found, err error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	places := make(chan struct{}, 8)
	for id, facts := range crowd.facts {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			r, status, failed := crowd.record(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case failed != nil:
				err = failed
			case status == http.StatusNotFound:
				sum.lost = append(sum.lost, "lost: consent "+id)
			case status != http.StatusOK:
				err = fmt.Errorf("consent %s: status %d", id, status)
			default:
				sum.compare(id, facts, r)
			}
		})
	}
	all.Wait()
	return sum, err
}

func (s *found) compare(id string, told *facts, r record) {
	has := map[string]int{}
	for _, e := range r.Events {
		has[e.Kind]++
	}
	for kind := range told.kinds {
		if has[kind] == 0 {
			s.lost = append(s.lost, "lost: "+kind+" of "+id)
		}
	}
	if has["redeemed"] > 1 || told.redeemed > 1 {
		s.double = append(s.double, fmt.Sprintf("redeemed %d times, acknowledged %d times: %s", has["redeemed"], told.redeemed, id))
	}
	if has["given"] > 1 || has["used"] > worth {
		s.double = append(s.double, fmt.Sprintf("given %d times, used %d times: %s", has["given"], has["used"], id))
	}
	s.used += has["used"]
}

func (s *site) vendorStats(ctx context.Context) (stats sandbox.Stats, err error) {
	text, _, err := newClient(s.vendor.url, s, 1).send(ctx, http.MethodGet, sandbox.StatsPath, nil, nil)
	if err != nil {
		return stats, err
	}
	return stats, json.Unmarshal(text, &stats)
}

// verify has the relay's own command look at the whole log, and whether it has
// grown from an earlier checkpoint.
func (c *cluster) verify(ctx context.Context, checkpoint string) (string, error) {
	args := []string{"log", "verify", "--config", c.relays[0].config}
	if checkpoint != "" {
		args = append(args, "--against", checkpoint)
	}
	cmd := exec.CommandContext(ctx, c.program, args...)
	cmd.Env = c.env
	text, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("relay log verify %s: %w: %s", checkpoint, err, text)
	}
	return strings.TrimSpace(string(text)), nil
}
