package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
)

func foundBySubject(t *testing.T, open Open) {
	l, clock := newLedger(t, open)
	add := func(i int) string {
		clock.Move(time.Second)
		d := Decision(fmt.Sprintf("key-of-record-%04d", i))
		d.Subject, d.SubjectSource = "customer-1", "page"
		decide := l.Give
		if i%3 == 0 {
			decide = l.Refuse
		}
		state, err := decide(t.Context(), d)
		require.NoError(t, err)
		return state.ID()
	}
	var newest []string // first
	for i := range 45 {
		newest = append([]string{add(i)}, newest...)
	}
	page := func(limit int, cursor string) (ids []string, next string) {
		records, next, err := l.BySubject(t.Context(), "pk_test_pass", "customer-1", limit, cursor)
		require.NoError(t, err)
		for _, record := range records {
			require.NotEmpty(t, record.Events)
			ids = append(ids, record.ID)
		}
		return ids, next
	}
	first, cursor := page(0, "")
	require.Equal(t, newest[:20], first, "20 by default")
	add(45) // between two pages
	second, cursor := page(20, cursor)
	require.Equal(t, newest[20:40], second, "pages do not shift")
	third, cursor := page(20, cursor)
	require.Equal(t, newest[40:], third)
	require.Empty(t, cursor)
	exact, cursor := page(46, "")
	require.Len(t, exact, 46)
	require.Empty(t, cursor, "no cursor to an empty page")
	least, _ := page(-1, "")
	require.Len(t, least, 1)

	for i := range 60 {
		add(100 + i)
	}
	most, cursor := page(1000, "")
	require.Len(t, most, 100)
	require.NotEmpty(t, cursor)

	for _, bad := range []string{"x", cursor + "A", cursor[1:], cursor + "=", " " + cursor, "_" + cursor[1:]} {
		_, _, err := l.BySubject(t.Context(), "pk_test_pass", "customer-1", 1, bad)
		require.ErrorIs(t, err, consent.ErrCursor, bad)
	}
	records, _, err := l.BySubject(t.Context(), "pk_test_pass", "customer-2", 0, "")
	require.NoError(t, err)
	require.Empty(t, records)
}

func onlyItsOwn(t *testing.T, open Open) {
	l, _ := newLedger(t, open)
	d := Decision("key-of-the-one-site")
	d.Subject, d.SubjectSource = "customer-1", "ticket"
	given, err := l.Give(t.Context(), d)
	require.NoError(t, err)
	_, err = l.Consent(t.Context(), "pk_test_other", given.ID())
	require.ErrorIs(t, err, consent.ErrNotFound)
	_, err = l.Consent(t.Context(), d.Site, "019ab000-0000-7000-8000-000000000000")
	require.ErrorIs(t, err, consent.ErrNotFound)
	records, _, err := l.BySubject(t.Context(), "pk_test_other", d.Subject, 0, "")
	require.NoError(t, err)
	require.Empty(t, records)

	text := []byte("सूचना")
	require.NoError(t, l.PutNotice(t.Context(), hexSum(text), text))
	require.NoError(t, l.PutNotice(t.Context(), hexSum(text), text))
	require.Error(t, l.PutNotice(t.Context(), hexSum(text), []byte("another text")))
	got, err := l.Notice(t.Context(), hexSum(text))
	require.NoError(t, err)
	require.Equal(t, text, got)
	for _, sum := range []string{"", "00", hexSum([]byte("unknown")), "X" + hexSum(text)[1:]} {
		_, err = l.Notice(t.Context(), sum)
		require.ErrorIs(t, err, consent.ErrNotFound)
	}
}
