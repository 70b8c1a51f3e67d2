package memory

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/google/uuid"

	"ekycconnect/server/internal/consent"
)

// appendOTP is the part of Append that claims calls.
func (r *rows) appendOTP(u consent.Upkeep) error {
	for _, key := range u.OTPEnded {
		delete(r.otp, key)
	}
	for _, c := range u.OTPBegun {
		if _, taken := r.otp[c.Key]; taken {
			return errors.New("memory: a call is claimed twice")
		}
		r.otp[c.Key] = c
	}
	maps.DeleteFunc(r.otp, func(_ consent.Key, c consent.OTPClaim) bool { return slices.Contains(u.Blank, c.Consent) })
	return nil
}

// OTPClaims implements [consent.UpkeepReader].
func (r *rows) OTPClaims(_ context.Context, keys []consent.Key, consents []uuid.UUID) (claims []consent.OTPClaim, err error) {
	for _, c := range r.otp {
		if slices.Contains(keys, c.Key) || slices.Contains(consents, c.Consent) {
			claims = append(claims, c)
		}
	}
	return claims, nil
}

// OTPClaims implements [consent.UpkeepReader].
func (s *Store) OTPClaims(ctx context.Context, keys []consent.Key, consents []uuid.UUID) ([]consent.OTPClaim, error) {
	return read(ctx, s, func(r *rows) ([]consent.OTPClaim, error) { return r.OTPClaims(ctx, keys, consents) })
}
