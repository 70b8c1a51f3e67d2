package notice

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAMomentIsWrittenAsPeopleWriteIt(t *testing.T) {
	afternoon := time.Date(2026, 11, 29, 10, 4, 59, 0, time.UTC)
	byTag := map[string]Language{}
	for _, l := range builtIn(t) {
		byTag[l.Tag] = l
		written := l.Dates.Write(afternoon)
		require.Regexp(t, `\b29\b`, written, l.Tag)
		require.Regexp(t, `\b2026\b`, written, l.Tag)
		require.Regexp(t, `(^|\D)(3|15):34\b`, written, l.Tag)
		require.Contains(t, written, l.Dates.Months[10], l.Tag)
		require.NotContains(t, written, "{", l.Tag)
	}
	for _, c := range []struct {
		tag  string
		at   time.Time
		want string
	}{
		{"en", afternoon, "29 November 2026, 3:34 pm"},
		{"hi", afternoon, "29 नवंबर 2026, दोपहर 3:34"},
		{"ta", afternoon, "29 நவம்பர், 2026, பிற்பகல் 3:34"},
		{"ur", afternoon, "29 نومبر، 2026، 3:34 دوپہر میں"},
		{"or", afternoon, "ନଭେମ୍ବର 29, 2026, 15:34"},
		{"en", time.Date(2026, 12, 31, 18, 30, 0, 0, time.UTC), "1 January 2027, 12:00 am"}, // midnight in India
		{"en", time.Date(2027, 1, 1, 6, 29, 0, 0, time.UTC), "1 January 2027, 11:59 am"},
		{"en", time.Date(2027, 1, 1, 6, 30, 0, 0, time.UTC), "1 January 2027, 12:00 pm"},
		{"hi", time.Date(2026, 12, 31, 22, 29, 0, 0, time.UTC), "1 जनवरी 2027, रात 3:59"}, // the night that began the day before
		{"hi", time.Date(2026, 12, 31, 22, 30, 0, 0, time.UTC), "1 जनवरी 2027, सुबह 4:00"},
		{"or", time.Date(2026, 12, 31, 20, 0, 0, 0, time.UTC), "ଜାନୁଆରୀ 1, 2027, 01:30"},
	} {
		require.Equal(t, c.want, byTag[c.tag].Dates.Write(c.at))
	}
}
