package consent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// PutNotice keeps the exact bytes of a notice under their SHA-256 (lower-case
// hex), so that what was shown can be shown again. A notice that is there
// already is left as it is.
//
// Errors: sum is not that of notice; [ErrUnavailable], the context's.
func (l *Ledger) PutNotice(ctx context.Context, sum string, notice []byte) error {
	actual := sha256.Sum256(notice)
	if hex.EncodeToString(actual[:]) != sum {
		return fmt.Errorf("consent: notice does not have the SHA-256 %q", sum)
	}
	return l.commit(ctx, &op{judge: func(u *unitOfWork) error {
		u.batch.Notices = append(u.batch.Notices, Notice{SHA256: actual, Bytes: notice})
		return nil
	}})
}

// Notice returns the bytes that PutNotice kept.
//
// Errors: [ErrNotFound] (also for what is not a SHA-256), [ErrUnavailable].
func (l *Ledger) Notice(ctx context.Context, sum string) ([]byte, error) {
	raw, err := hex.DecodeString(sum)
	if err != nil || len(raw) != sha256.Size || hex.EncodeToString(raw) != sum {
		return nil, ErrNotFound
	}
	notice, err := l.store.Notice(ctx, [sha256.Size]byte(raw))
	if err != nil {
		return nil, err
	}
	if sha256.Sum256(notice) != [sha256.Size]byte(raw) {
		return nil, errors.New("consent: a stored notice was changed")
	}
	return notice, nil
}
