package deepvue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-resty/resty/v2"

	"ekycconnect/server/internal/consent"
)

// repeats is how often one call is tried anew. Only the two GETs come here:
// they have no effect that a second one would double.
const repeats = 2

// Turn is asked before each HTTP call whether it may be made now; it may wait,
// for a slot of the account's allowance say. [ErrNoTurn] from it stands for "no
// more tries", and what came of the tries so far is the outcome. Any other
// error, such as that the consent was withdrawn, is itself the outcome.
type Turn func(ctx context.Context) error

// ErrNoTurn ends the tries of one call.
var ErrNoTurn = errors.New("deepvue: no turn for another try")

// AtMost is a [Turn] for n calls, without a wait.
func AtMost(n int) Turn {
	return func(context.Context) error {
		if n--; n < 0 {
			return ErrNoTurn
		}
		return nil
	}
}

// call sends one request, and again while the vendor's trouble may pass, all
// inside one deadline and each at a turn of its own.
func (c *Client) call(ctx context.Context, committed consent.Committed, turn Turn, endpoint string, query map[string]string) (a answer, calls []consent.Call, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.deadline)
	defer cancel()
	for try := 0; ; try++ {
		refused := turn(ctx)
		if refused != nil && try > 0 && errors.Is(refused, ErrNoTurn) {
			return a, calls, err
		}
		if refused != nil {
			return answer{}, calls, fmt.Errorf("deepvue: %s: %w", endpoint, refused)
		}
		a, calls, err = c.try(ctx, committed, endpoint, query, calls)
		if err == nil || try == repeats || !passing(err) || !c.pause(ctx, try) {
			return a, calls, err
		}
	}
}

// try sends one request, judges what comes back, and adds it to the calls that were made,
// unless there was no connection to send anything on.
func (c *Client) try(ctx context.Context, committed consent.Committed, endpoint string, query map[string]string, calls []consent.Call) (answer, []consent.Call, error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return answer{}, calls, cancelled(endpoint)
	}
	x := c.send(ctx, c.pictures, resty.MethodGet, committed, endpoint, query)
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	if body.Reset(); x.failure == nil && judgedByBody(x.status()) {
		x.failure = read(body, x.response.RawBody())
	} else if x.failure == nil {
		x.failure = x.response.RawBody().Close()
	}
	a, problem := judge(x, body.Bytes(), ended(ctx))
	calls = x.record(calls, a.transactionID, problem)
	switch {
	case problem == nil:
		return a, calls, nil
	case problem.Class == classDeadline && errors.Is(ctx.Err(), context.Canceled):
		return a, calls, cancelled(endpoint) // recorded as a timeout: what the vendor made of it is not known
	}
	return a, calls, problem
}

// pause waits before a repeat. It reports false if there is no time left for
// one, or nobody waiting for it.
func (c *Client) pause(ctx context.Context, try int) bool {
	longest := c.settings.backoff << try
	wait := longest/2 + rand.N(longest/2+1)
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// ended reports whether ctx is over. Its deadline is read too: a dialler's
// timer, set to the same instant, can be a moment ahead of it.
func ended(ctx context.Context) bool {
	end, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(end)
}

func cancelled(endpoint string) error {
	return fmt.Errorf("deepvue: %s: given up by the caller: %w", endpoint, context.Canceled)
}
