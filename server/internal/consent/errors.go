package consent

import (
	"errors"
	"fmt"

	"ekycconnect/server/internal/consent/translog"
)

// What a caller decides on. Match them with [errors.Is].
var (
	ErrConflict    = errors.New("consent: idempotency key was used for another request")
	ErrTicketUsed  = errors.New("consent: ticket was used before")
	ErrNotFound    = errors.New("consent: not found")
	ErrWithdrawn   = errors.New("consent: withdrawn")
	ErrErased      = fmt.Errorf("consent: record was erased: %w", ErrWithdrawn) // nothing can be done with it either
	ErrHeld        = errors.New("consent: record is under a legal hold")
	ErrRefusal     = errors.New("consent: the person refused, there is nothing to withdraw")
	ErrSeen        = errors.New("consent: token was redeemed before")
	ErrExpired     = errors.New("consent: token has expired")
	ErrCursor      = errors.New("consent: not a cursor")
	ErrUnavailable = errors.New("consent: store is not available") // nothing was written; try again later
)

// ErrUnknownOutcome is what a [Store] wraps when it cannot tell whether a
// transaction is durable: the commit's answer was lost, or a sync failed. The
// process must not go on, since its next answer could contradict the disk.
var ErrUnknownOutcome = errors.New("consent: outcome of a commit is not known")

// ErrLog says that nothing is recorded before somebody has looked at the log. It is
// reported together with [ErrUnavailable].
var ErrLog = translog.ErrStopped
