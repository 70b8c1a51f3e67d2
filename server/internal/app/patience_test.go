package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
)

func TestAStartWaitsOnlyForWhatMayPass(t *testing.T) {
	for _, row := range []struct {
		name   string
		err    error
		passes bool
	}{
		{"nobody answers", fmt.Errorf("postgres: connect: %w: refused", consent.ErrUnavailable), true},
		{"another relay has the directory", fmt.Errorf("sqlite: it is %w", sqlite.ErrInUse), true},
		{"a log that is behind", fmt.Errorf("%w: %w", consent.ErrUnavailable, consent.ErrLog), false},
		{"anything else", errors.New("data: not a directory"), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var log bytes.Buffer
			tries := 0
			_, err := patiently(t.Context(), time.Minute, slog.New(slog.NewTextHandler(&log, nil)), func() (*Relay, error) {
				if tries++; tries == 2 {
					return &Relay{}, nil
				}
				return nil, row.err
			})
			if !row.passes {
				require.Equal(t, row.err, err)
				require.Empty(t, log.String())
				return
			}
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(log.String(), "the start waits"))
		})
	}
}

func TestAStartWaitsNoLongerThanItsPatienceOrItsContext(t *testing.T) {
	gone := fmt.Errorf("%w: nobody answers", consent.ErrUnavailable)
	try := func() (*Relay, error) { return nil, gone }
	_, err := patiently(t.Context(), time.Millisecond, slog.New(slog.DiscardHandler), try)
	require.Equal(t, gone, err)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = patiently(ctx, time.Hour, slog.New(slog.DiscardHandler), try)
	require.Equal(t, gone, err)
}
