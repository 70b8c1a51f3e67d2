package consent

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// Redeem lets a token be worth its reply once. The same idempotency key and
// token get the first reply again for 15 minutes, even after the token's expiry.
//
// Errors, the first that applies: [ErrNotFound] (no such consent was given),
// [ErrWithdrawn], [ErrSeen], [ErrExpired]; and [ErrUnavailable], the context's.
func (l *Ledger) Redeem(ctx context.Context, r Redemption) (Redeemed, error) {
	if r.JTI == "" || r.Token == "" {
		return Redeemed{}, errors.New("consent: a redemption without its token")
	}
	id, err := parseID(r.ConsentID)
	if err != nil {
		return Redeemed{}, err
	}
	key, proof := l.hash.jti(id, r.JTI), l.hash.repeat(r.IdempotencyKey, r.Token)
	if r.Peek {
		u, err := load(ctx, l.store, []Key{key}, []uuid.UUID{id})
		if err != nil {
			return Redeemed{}, err
		}
		u.now = l.now()
		return u.redeemable(id, key, proof, &r)
	}
	var redeemed Redeemed
	err = l.commit(ctx, &op{keys: []Key{key}, consents: []uuid.UUID{id}, judge: func(u *unitOfWork) error {
		var err error
		if redeemed, err = u.redeemable(id, key, proof, &r); err != nil || redeemed.Repeat {
			return err
		}
		events := u.events[id]
		text := redeemedText{newHeader(id.String(), RedeemedEvent, u.now, events[0].Site, "partner")}
		text.Prev = &events[len(events)-1].Index
		claim := Claim{Key: key, Proof: proof, Reply: r.Reply}
		text.Lookups = Lookups([]Claim{claim}, nil)
		body, err := marshal(&text)
		if err != nil {
			return err
		}
		index := u.add(RedeemedEvent, id, events[0].Site, body)
		claim.Index = index
		u.claim(claim, id)
		redeemed.At = u.now
		return nil
	}})
	if err != nil {
		return Redeemed{}, err
	}
	return redeemed, nil
}

// redeemable judges a redemption in the order that its caller answers by.
func (u *unitOfWork) redeemable(id uuid.UUID, key, proof Key, r *Redemption) (Redeemed, error) {
	events, err := u.given(id)
	if err == nil {
		err = ended(events)
	}
	if err != nil {
		return Redeemed{}, err
	}
	if claim, seen := u.claims[key]; seen {
		// Without a reply there is nothing to repeat: the store has dropped it.
		if proof != (Key{}) && claim.Proof == proof && claim.Consent == id &&
			claim.Reply != "" && u.now.Sub(claim.At) <= replyLife {
			return Redeemed{At: claim.At, Reply: claim.Reply, Repeat: true}, nil
		}
		return Redeemed{}, ErrSeen
	}
	if r.Expired {
		return Redeemed{}, ErrExpired
	}
	return Redeemed{Reply: r.Reply}, nil
}
