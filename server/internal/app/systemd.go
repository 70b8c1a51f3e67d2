package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// tell tells systemd of a new state (sd_notify(3)); without systemd nobody is told.
func (r *Relay) tell(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		r.log.Error("systemd could not be told the relay's state", "state", state, "error", err)
	}
}

// feedWatchdog tells systemd's watchdog, if the unit has one (WatchdogSec), that the
// relay is alive, for as long as its admin listener answers.
func (r *Relay) feedWatchdog(ctx context.Context, admin net.Addr) error {
	patience, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("systemd's watchdog: %w", err)
	}
	if patience == 0 {
		return nil
	}
	every := time.NewTicker(patience / 4)
	defer every.Stop()
	for {
		if err := answers(ctx, admin, patience/4); err == nil {
			r.tell(daemon.SdNotifyWatchdog)
		} else if ctx.Err() == nil {
			r.log.Error("the relay does not answer itself; systemd's watchdog ends it unless that changes", "error", err)
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// answers asks the admin listener whether it serves.
func answers(ctx context.Context, admin net.Addr, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin.String()+"/healthz", nil)
	if err != nil {
		return err
	}
	ask.Close = true // each answer shows that connections are accepted, too
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("/healthz answers %s", answer.Status)
	}
	return nil
}
