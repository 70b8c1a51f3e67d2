package main

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestABudgetOfWhichAPartSaysNothingHasFailedWithTheReason(t *testing.T) {
	met, left := budget{"met", "≤ 1"}, budget{"left", "≤ 2"}
	for name, end := range map[string]func() error{
		"an error": func() error { return errors.New("no | browser\nhere") },
		"a panic":  func() error { panic("no | browser\nhere") },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := measure(t.Context(), nil, part{name: "p", owes: []budget{met, left}, run: func(_ context.Context, _ *lab, s *section) error {
				s.judge(met, true, "%d", 1)
				return end()
			}})
			require.Error(t, err)
			require.Len(t, s.rows, 2)
			require.Equal(t, "| met | ≤ 1 | 1 | pass |", s.rows[0].String())
			require.Contains(t, s.rows[1].String(), `no \| browser here`)
			require.True(t, strings.HasSuffix(s.rows[1].String(), "| fail |"))
			require.Contains(t, s.text.String(), "did not run to its end")
		})
	}
}

func TestEveryPartOwesABudgetAndHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range parts {
		require.False(t, seen[p.name], p.name)
		seen[p.name] = true
		require.NotEmpty(t, p.owes, p.name)
	}
	chosen, err := choose("waiting,bytes")
	require.NoError(t, err)
	require.Equal(t, "waiting", chosen[0].name)
	_, err = choose("speed")
	require.ErrorContains(t, err, "speed")
}

func TestAMedianStandsWithItsSpread(t *testing.T) {
	s := samples{3, 1, 2, 5, 4}
	require.Equal(t, "3.0 (1.0–5.0)", s.text("%.1f"))
	require.Equal(t, 2.5, samples{2, 3}.median())
	require.Equal(t, samples{2, 2}, samples{4, 6}.over(samples{2, 3}))
	require.Equal(t, "–", samples(nil).text("%.0f"))
	require.Equal(t, 99*time.Millisecond, percentile([]time.Duration{99 * time.Millisecond}, 999))
	require.Equal(t, "1,234,567", grouped(1234567))
	require.Equal(t, "1,000,007", grouped(1000007))
}

func TestThePageHasTheTableAndThePlotIsXML(t *testing.T) {
	s := new(section)
	s.judge(budget{"a", "≤ 1"}, false, "2")
	s.line("Words.")
	text := document("A machine", time.Minute, []finished{{part{name: "p", title: "T"}, s}})
	require.Contains(t, text, "| what | budget | measured | |\n|---|---|---|---|\n| a | ≤ 1 | 2 | fail |\n")
	require.Contains(t, text, "\n## T\n")
	chart := plot{title: "a < b", x: "x", y: "y", curves: []curve{{"one & two", []point{{1e4, 1}, {1e6, 1.25}}}}}
	decoder := xml.NewDecoder(strings.NewReader(chart.svg()))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
}
