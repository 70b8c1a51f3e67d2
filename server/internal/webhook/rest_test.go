package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
)

// list is an outbox in memory.
type list []consent.Message

func (l *list) Take(_ context.Context, now, until time.Time) (m consent.Message, ok bool, next time.Time, err error) {
	for i := range *l {
		if one := &(*l)[i]; !one.Due.After(now) {
			m = *one
			one.Due = until
			return m, true, time.Time{}, nil
		}
	}
	return m, false, time.Time{}, nil
}

func (l *list) settle(index int64, due time.Time) error {
	for i := range *l {
		if (*l)[i].Index == index {
			(*l)[i].Due = due
			(*l)[i].Tries++
		}
	}
	return nil
}

func (l *list) Delivered(_ context.Context, index int64) error {
	return l.settle(index, time.Unix(1<<40, 0))
}
func (l *list) Postpone(_ context.Context, index int64, due time.Time) error {
	return l.settle(index, due)
}
func (l *list) GiveUp(_ context.Context, index int64) error {
	return l.settle(index, time.Unix(1<<40, 0))
}

func TestAPartnerThatHangsCostsTheOthersOneTry(t *testing.T) {
	hanging, quick := newPartner(t), newPartner(t)
	hanging.answer = func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // an empty answer may still be read as a good one
	}
	roots := hanging.roots()
	roots.AddCert(quick.Certificate())
	clock := storetest.NewClock()
	w := New(map[string]Endpoint{"hanging": {hanging.URL, key, true}, "quick": {quick.URL, key, true}}, clock.Now,
		slog.New(slog.DiscardHandler), func(Outcome) {}, roots)
	var box list
	for i := range 20 {
		box = append(box, consent.Message{Index: int64(i), Site: "hanging", Body: []byte("{}"), Kind: consent.WithdrawnEvent, Consent: uuid.New()})
	}
	box = append(box, consent.Message{Index: 20, Site: "quick", Body: []byte("{}"), Kind: consent.WithdrawnEvent, Consent: uuid.New()})
	begin := time.Now()
	_, err := w.Step(t.Context(), &box)
	require.NoError(t, err)
	require.Equal(t, 1, hanging.requests())
	require.Equal(t, 1, quick.requests())
	require.Less(t, time.Since(begin), 4*timeout)
	tries := 0
	for _, m := range box[:20] {
		tries += m.Tries
	}
	require.Equal(t, 1, tries, "what was not tried does not count")

	hanging.answers(http.StatusNoContent)
	clock.Move(turn + time.Second)
	_, err = w.Step(t.Context(), &box)
	require.NoError(t, err)
	require.Equal(t, 21, hanging.requests(), "then all are told")
}
