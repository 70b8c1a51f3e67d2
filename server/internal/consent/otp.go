package consent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// The endpoints by which a verification goes on after its picture. Neither call may
// be made twice, so each is claimed before it is made.
const (
	EndpointGenerateOTP = "generate-otp"
	EndpointVerifyOTP   = "verify-otp"
)

// OTPUse is what a consent was used for after its pictures, by its `used` events.
type OTPUse struct {
	Asked    int  // calls of generate-otp
	Sent     int  // those of them that went well: so many OTPs there were
	Tried    int  // calls of verify-otp since the last OTP was sent
	Verified bool // one of them went well: the consent is finished
}

// add counts one more call.
func (u *OTPUse) add(endpoint, result string) {
	switch ok := result == "ok"; endpoint {
	case EndpointGenerateOTP:
		u.Asked++
		if ok {
			u.Sent, u.Tried = u.Sent+1, 0
		}
	case EndpointVerifyOTP:
		u.Tried++
		u.Verified = u.Verified || ok
	}
}

// OTPCall is a call that somebody wants to make.
type OTPCall struct {
	ConsentID      string
	Site           string
	Endpoint       string
	IdempotencyKey string        // kept only as an HMAC, over site, endpoint and key
	Lasts          time.Duration // after which it is no longer taken to be under way
	// Allowed judges the consent as it is in the transaction that claims the call.
	Allowed func(State) error
}

// OTPClaim says that a call was about to be made. It is written before the call and
// taken away with the `used` event of it, which claims Key from then on. One that
// stays is of a call that nobody knows the outcome of.
type OTPClaim struct {
	Key      Key
	Owner    Key // random: whoever claims knows its own again
	Consent  uuid.UUID
	Endpoint string
	At       time.Time // UTC, whole milliseconds, as Until
	Until    time.Time // it is taken to be under way
}

// underWay reports whether the call is taken to be under way. One that was claimed by a
// clock that was ahead is not: for how long, nobody knows.
func (c OTPClaim) underWay(now time.Time) bool {
	return now.Before(c.Until) && !c.At.After(now.Add(MaxAhead))
}

// ErrInProgress says that a call is under way: the same one, or another of the
// same consent.
var ErrInProgress = errors.New("consent: a call is under way")

// OTPDone says that the call was made before.
type OTPDone struct {
	Result string // of its `used` event; empty if nobody knows
}

func (e *OTPDone) Error() string { return "consent: the call was made before" }

// ClaimableOTP tells whether ClaimOTP would succeed now, and writes nothing. Its
// errors are those of ClaimOTP.
func (l *Ledger) ClaimableOTP(ctx context.Context, c OTPCall) error {
	id, err := parseID(c.ConsentID)
	if err != nil {
		return err
	}
	key := l.hash.otpCall(&c)
	u, err := load(ctx, l.store, []Key{key}, []uuid.UUID{id})
	if err != nil {
		return err
	}
	if u.otp, err = l.store.OTPClaims(ctx, []Key{key}, []uuid.UUID{id}); err != nil {
		return err
	}
	u.now = l.now()
	return u.claimable(id, key, Key{}, &c)
}

// ClaimOTP claims a call: from then on nobody makes it, nor another one of the same
// consent meanwhile, on any relay. SettleOTP or ReleaseOTP must follow. It does not
// stop when ctx ends: whether the call is claimed must be known.
//
// Errors, the first that applies: [ErrNotFound], [ErrErased], what c.Allowed says, an
// *[OTPDone], [ErrInProgress]; and [ErrUnavailable], the context's.
func (l *Ledger) ClaimOTP(ctx context.Context, c OTPCall) (OTPClaim, error) {
	if err := ctx.Err(); err != nil {
		return OTPClaim{}, fmt.Errorf("consent: claim a call: %w", err)
	}
	id, err := parseID(c.ConsentID)
	if err != nil {
		return OTPClaim{}, err
	}
	claim := OTPClaim{Key: l.hash.otpCall(&c), Owner: Key(uuid.New()), Consent: id, Endpoint: c.Endpoint}
	err = l.commit(context.WithoutCancel(ctx), &op{keys: []Key{claim.Key}, consents: []uuid.UUID{id}, otp: true, judge: func(u *unitOfWork) error {
		if err := u.claimable(id, claim.Key, claim.Owner, &c); err != nil {
			return err
		}
		if _, mine := u.otpClaim(claim.Key); mine {
			// The answer to a commit of it was lost: once it is written anew and that is
			// answered, it surely is there.
			u.batch.Upkeep.OTPEnded = append(u.batch.Upkeep.OTPEnded, claim.Key)
		}
		claim.At, claim.Until = u.now, u.now.Add(c.Lasts)
		u.batch.Upkeep.OTPBegun = append(u.batch.Upkeep.OTPBegun, claim)
		u.otp = append(u.otp, claim)
		return nil
	}})
	if err != nil {
		return OTPClaim{}, err
	}
	return claim, nil
}

// claimable judges a call. A claim of this owner is in nobody's way.
func (u *unitOfWork) claimable(id uuid.UUID, key, owner Key, c *OTPCall) error {
	if _, err := u.given(id); err != nil {
		return err
	}
	state, err := u.state(id)
	if err != nil {
		return err
	}
	if err := c.Allowed(state); err != nil {
		return err
	}
	if claim, made := u.claims[key]; made {
		return u.otpDone(claim)
	}
	if claim, begun := u.otpClaim(key); begun && claim.Owner != owner {
		if claim.underWay(u.now) {
			return ErrInProgress
		}
		return &OTPDone{}
	}
	if slices.ContainsFunc(u.otp, func(o OTPClaim) bool { return o.Consent == id && o.Owner != owner && o.underWay(u.now) }) {
		return ErrInProgress
	}
	return nil
}

// otpDone is what the `used` event of a claim says.
func (u *unitOfWork) otpDone(claim Claim) error {
	for _, event := range u.events[claim.Consent] {
		if event.Index != claim.Index {
			continue
		}
		var text usedText
		if err := json.Unmarshal(event.Body, &text); err != nil {
			return fmt.Errorf("consent: read event %d: %w", event.Index, err)
		}
		return &OTPDone{text.Result}
	}
	return fmt.Errorf("consent: event %d is claimed and not there", claim.Index)
}

func (u *unitOfWork) otpClaim(key Key) (OTPClaim, bool) {
	i := slices.IndexFunc(u.otp, func(c OTPClaim) bool { return c.Key == key })
	if i < 0 {
		return OTPClaim{}, false
	}
	return u.otp[i], true
}

// SettleOTP records what came of a claimed call, as the `used` event of it. It does not
// stop when ctx ends: the call was made.
//
// Errors: [ErrWithdrawn], [ErrErased] (the consent ended while the call was under way: it
// is recorded all the same, but nothing may come of it), [ErrUnavailable].
func (l *Ledger) SettleOTP(ctx context.Context, claim OTPClaim, call Call) error {
	var over error
	err := l.commit(context.WithoutCancel(ctx), &op{consents: []uuid.UUID{claim.Consent}, judge: func(u *unitOfWork) error {
		events, err := u.given(claim.Consent)
		if err != nil {
			return err
		}
		made := []Claim{{Key: claim.Key}}
		if over = ended(events); over == ErrErased {
			made = nil // what was erased is not recorded again
		}
		index, err := u.use(events, []Call{call}, made)
		if err != nil {
			return err
		}
		for _, c := range made {
			c.Index = index
			u.claim(c, claim.Consent)
		}
		u.batch.Upkeep.OTPEnded = append(u.batch.Upkeep.OTPEnded, claim.Key)
		return nil
	}})
	if err != nil {
		return err
	}
	return over
}

// ReleaseOTP gives back the claim of a call that was certainly not made.
//
// Errors: [ErrUnavailable]: then the call counts as one of which nobody knows.
func (l *Ledger) ReleaseOTP(ctx context.Context, claim OTPClaim) error {
	return l.commit(context.WithoutCancel(ctx), &op{judge: func(u *unitOfWork) error {
		u.batch.Upkeep.OTPEnded = append(u.batch.Upkeep.OTPEnded, claim.Key)
		return nil
	}})
}

// readOTP reads the claims that the ops of a group are judged by.
func (u *unitOfWork) readOTP(ctx context.Context, r Reader, group []*op) (err error) {
	var keys []Key
	var consents []uuid.UUID
	for _, o := range group {
		if o.otp {
			keys, consents = append(keys, o.keys...), append(consents, o.consents...)
		}
	}
	if len(keys) > 0 {
		u.otp, err = r.OTPClaims(ctx, keys, consents)
	}
	return err
}

// otpCall is what a call's idempotency key is found by.
func (h *hasher) otpCall(c *OTPCall) Key { return keyed(h.otp, c.Site, c.Endpoint, c.IdempotencyKey) }
