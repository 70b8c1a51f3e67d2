package translog

import (
	"context"
	"time"
)

// PublishEvery is the time between two published checkpoints; 0 if each is
// published.
func (l *Log) PublishEvery() time.Duration { return l.every }

// Unpublished reports whether there are entries that the newest published
// checkpoint does not cover.
func (l *Log) Unpublished() bool { return l.size.Load() > l.shown.Load() }

// publish has the newest checkpoint published if each is, or if it is asked for.
func (l *Log) publish(ctx context.Context, r Reader, asked bool, g *Growth) error {
	if l.every > 0 && !asked {
		return nil
	}
	newest, err := r.Published(ctx)
	if err != nil {
		return err
	}
	// If another process on this store has published since, that is often enough.
	late := l.every > 0 && newest.Size > l.published
	g.published = newest.Size
	if late || newest.Note != nil && newest.Size >= g.tree.head.Size {
		return nil
	}
	g.Update.Head, g.Update.Publish = &g.tree.head, true
	g.published = g.tree.head.Size
	return nil
}
