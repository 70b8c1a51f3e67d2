package consent

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// State returns a consent or refusal as it is now.
//
// Errors: [ErrNotFound] (also for what is not an id), [ErrErased],
// [ErrUnavailable].
func (l *Ledger) State(ctx context.Context, id string) (State, error) {
	consent, err := parseID(id)
	if err != nil {
		return State{}, err
	}
	u, err := load(ctx, l.store, nil, []uuid.UUID{consent})
	if err != nil {
		return State{}, err
	}
	return u.state(consent)
}

// state reads a consent from its events.
func (u *unitOfWork) state(id uuid.UUID) (State, error) {
	events, err := u.record(id)
	if err != nil {
		return State{}, err
	}
	if _, erased := first(events, ErasedEvent); erased {
		return State{}, ErrErased
	}
	var text decisionText
	if err := json.Unmarshal(events[0].Body, &text); err != nil {
		return State{}, fmt.Errorf("consent: read record %s: %w", id, err)
	}
	state := State{
		Committed: Committed{id: id.String(), account: text.Account, vendorPurpose: text.PurposeText, given: events[0].Kind == Given},
		Site:      events[0].Site,
		Purpose:   text.Purpose,
		Kind:      events[0].Kind,
		At:        events[0].At,
	}
	if err := state.count(events); err != nil {
		return State{}, fmt.Errorf("consent: read record %s: %w", id, err)
	}
	if withdrawal, ok := first(events, WithdrawnEvent); ok {
		state.Withdrawn, state.WithdrawnAt = true, withdrawal.At
	}
	return state, nil
}

// count adds up what a consent was used for.
func (s *State) count(events []Entry) error {
	for _, event := range events {
		if event.Kind != Used {
			continue
		}
		var text usedText
		if err := json.Unmarshal(event.Body, &text); err != nil {
			return err
		}
		switch text.Endpoint {
		case EndpointGenerateOTP, EndpointVerifyOTP:
			s.OTP.add(text.Endpoint, text.Result)
		default:
			s.Calls++
		}
	}
	return nil
}

func count(events []Entry, kind Kind) (n int) {
	for _, event := range events {
		if event.Kind == kind {
			n++
		}
	}
	return n
}
