package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Copies sends each new checkpoint of the log to somebody outside the
// operator's reach, who by keeping it can show that nothing was changed later.
// A checkpoint is a signed note, so the message needs no signature of its own.
type Copies struct {
	URL  string
	Read func(context.Context) ([]byte, error) // the newest published checkpoint; empty if there is none
	Log  *slog.Logger

	client *http.Client
	sent   []byte
}

// NewCopies sends to a public https address, or to this machine over http.
func NewCopies(to string, allowPrivate bool, read func(context.Context) ([]byte, error), log *slog.Logger) *Copies {
	control := onlyPublic
	if allowPrivate {
		control = nil
	}
	return &Copies{URL: to, Read: read, Log: log, client: newClient(control, nil)}
}

// Run sends until ctx ends, at most once every interval. What could not be sent
// is not queued: the next checkpoint covers all before it.
func (c *Copies) Run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := c.Step(ctx); err != nil && ctx.Err() == nil {
			c.Log.Warn("the log's checkpoint was not copied; the next one is tried", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Step sends the newest checkpoint unless it was sent before.
func (c *Copies) Step(ctx context.Context) error {
	checkpoint, err := c.Read(ctx)
	if err != nil || len(checkpoint) == 0 || bytes.Equal(checkpoint, c.sent) {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(checkpoint))
	if err != nil {
		return errors.New("webhook: the address does not parse")
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	request.Header.Set("User-Agent", "ekyc-connect")
	response, err := c.client.Do(request)
	if err != nil {
		return fmt.Errorf("webhook: %w", bare(err))
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("webhook: the keeper of copies answered %d", response.StatusCode)
	}
	c.sent = checkpoint
	return nil
}

// bare is err without the URL that net/http puts before it.
func bare(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
