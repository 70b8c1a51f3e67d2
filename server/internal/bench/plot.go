package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// plot is a chart of curves over a logarithmic axis, as an SVG that can be read on
// light and on dark.
type plot struct {
	title, x, y string
	curves      []curve
}

type curve struct {
	name   string
	points []point
}

type point struct{ x, y float64 }

// show has the page show a plot.
func (s *section) show(name, svg string) {
	if s.plots == nil {
		s.plots = map[string]string{}
	}
	s.plots[name] = svg
}

var colours = []string{"#2563eb", "#d97706", "#059669", "#9333ea", "#64748b"}

const (
	plotWidth, plotHeight = 640.0, 320.0
	plotLeft, plotBottom  = 56.0, 44.0
	plotTop, plotRight    = 40.0, 150.0
)

// svg draws it.
func (p plot) svg() string {
	var least, most, top float64 = math.Inf(1), 0, 0
	for _, c := range p.curves {
		for _, at := range c.points {
			least, most, top = min(least, at.x), max(most, at.x), max(top, at.y)
		}
	}
	top = math.Ceil(top*1.1*4) / 4
	across := func(x float64) float64 {
		return plotLeft + (plotWidth-plotLeft-plotRight)*math.Log(x/least)/math.Log(most/least)
	}
	up := func(y float64) float64 { return plotHeight - plotBottom - (plotHeight-plotBottom-plotTop)*y/top }

	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12" role="img" aria-label="%s">
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="%.0f" y="20" font-size="14">%s</text>
`, plotWidth, plotHeight, html.EscapeString(p.title), plotLeft, html.EscapeString(p.title))
	for i := range 5 {
		y := top * float64(i) / 4
		fmt.Fprintf(&out, `<path d="M%.1f %.1fH%.1f" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="end">%.2f</text>`+"\n", plotLeft, up(y), plotWidth-plotRight, plotLeft-6, up(y)+4, y)
	}
	for _, at := range p.curves[0].points {
		fmt.Fprintf(&out, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", across(at.x), plotHeight-plotBottom+18, grouped(int(at.x)))
	}
	fmt.Fprintf(&out, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text><text x="16" y="%.1f">%s</text>`+"\n",
		(plotLeft+plotWidth-plotRight)/2, plotHeight-8, html.EscapeString(p.x), plotTop+4, html.EscapeString(p.y))
	for i, c := range p.curves {
		colour := colours[i%len(colours)]
		fmt.Fprintf(&out, `<path fill="none" stroke="%s" stroke-width="2" d="`, colour)
		for j, at := range c.points {
			fmt.Fprintf(&out, "%c%.1f %.1f", "LM"[btoi(j == 0)], across(at.x), up(at.y))
		}
		out.WriteString(`"/>` + "\n")
		for _, at := range c.points {
			fmt.Fprintf(&out, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", across(at.x), up(at.y), colour)
		}
		fmt.Fprintf(&out, `<path d="M%.1f %.1fh18" stroke="%s" stroke-width="2"/><text x="%.1f" y="%.1f">%s</text>`+"\n",
			plotWidth-plotRight+16, plotTop+18*float64(i), colour, plotWidth-plotRight+40, plotTop+18*float64(i)+4, html.EscapeString(c.name))
	}
	return out.String() + "</svg>\n"
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
