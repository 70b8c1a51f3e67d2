package main

import (
	"fmt"
	"slices"
)

// samples are the figures of some rounds of one run.
type samples []float64

// median is the one in the middle; 0 if there is none.
func (s samples) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	if middle := len(sorted) / 2; len(sorted)%2 == 1 {
		return sorted[middle]
	} else {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
}

// over divides round by round: whatever slowed a round down slowed both.
func (s samples) over(other samples) samples {
	ratios := make(samples, min(len(s), len(other)))
	for i := range ratios {
		ratios[i] = s[i] / other[i]
	}
	return ratios
}

// scaled is each of them times a factor.
func (s samples) scaled(by float64) samples {
	scaled := make(samples, len(s))
	for i := range s {
		scaled[i] = s[i] * by
	}
	return scaled
}

// text is the median with the spread, as in "0.52 (0.49–0.55)"; format is of one
// figure.
func (s samples) text(format string) string {
	if len(s) == 0 {
		return "–"
	}
	return fmt.Sprintf(format+" ("+format+"–"+format+")", s.median(), slices.Min(s), slices.Max(s))
}
