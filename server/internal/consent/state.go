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
	events, err := l.events(ctx, id)
	if err != nil {
		return State{}, err
	}
	return stateOf(events)
}

// events are a record's decision and all that followed, oldest first.
//
// Errors: [ErrNotFound] (also for what is not an id), [ErrUnavailable].
func (l *Ledger) events(ctx context.Context, id string) ([]Entry, error) {
	consent, err := parseID(id)
	if err != nil {
		return nil, err
	}
	events, err := l.store.Events(ctx, []uuid.UUID{consent})
	if err == nil && len(events) == 0 {
		err = ErrNotFound
	}
	return events, err
}

// state is a consent as the transaction finds it.
func (u *unitOfWork) state(id uuid.UUID) (State, error) {
	events, err := u.record(id)
	if err != nil {
		return State{}, err
	}
	return stateOf(events)
}

// stateOf reads a consent from its events.
func stateOf(events []Entry) (State, error) {
	id := events[0].Consent.String()
	if _, erased := first(events, ErasedEvent); erased {
		return State{}, ErrErased
	}
	var text struct { // other members are ignored
		Account     string `json:"account"`
		PurposeText string `json:"purpose_text"`
		Purpose     string `json:"purpose_id"`
	}
	if err := json.Unmarshal(events[0].Body, &text); err != nil {
		return State{}, fmt.Errorf("consent: read record %s: %w", id, err)
	}
	state := State{
		Committed: Committed{id: id, account: text.Account, vendorPurpose: text.PurposeText, given: events[0].Kind == Given},
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
		var text struct {
			Endpoint string `json:"endpoint"`
			Result   string `json:"result"`
		}
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
