package sandbox

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

type point struct{ x, y float64 }

// wave bends a picture: each point moves along two sines.
type wave struct {
	ampX, ampY   float64 // pixels
	freqX, freqY float64 // radians per pixel
	offX, offY   float64
}

func (v wave) bend(p point) point {
	return point{p.x + v.ampX*math.Sin(p.y*v.freqX+v.offX), p.y + v.ampY*math.Sin(p.x*v.freqY+v.offY)}
}

// canvas fills outlines, smoothly at the edges.
type canvas struct {
	image  *image.RGBA
	raster *vector.Rasterizer
}

// newCanvas has a pale ground that darkens a little from left to right.
func newCanvas(w, h int) *canvas {
	c := &canvas{image.NewRGBA(image.Rect(0, 0, w, h)), vector.NewRasterizer(w, h)}
	left, right := between(236, 250), between(218, 236)
	tint := [3]float64{between(-6, 4), between(-6, 4), between(-6, 4)}
	for x := range w {
		level := left + (right-left)*float64(x)/float64(w)
		ground := color.RGBA{uint8(level + tint[0]), uint8(level + tint[1]), uint8(level + tint[2]), 255}
		for y := range h {
			c.image.SetRGBA(x, y, ground)
		}
	}
	return c
}

// fill fills an outline whose points are moved by place first.
func (c *canvas) fill(outline []sfnt.Segment, ink color.RGBA, place func(point) point) {
	to := func(p fixed.Point26_6) (float32, float32) {
		q := place(point{float64(p.X) / 64, float64(p.Y) / 64})
		return float32(q.x), float32(q.y)
	}
	for _, s := range outline {
		ax, ay := to(s.Args[0])
		bx, by := to(s.Args[1])
		cx, cy := to(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			c.raster.ClosePath()
			c.raster.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			c.raster.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			c.raster.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			c.raster.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	c.paint(ink)
}

// line draws a thin line over the whole width, a sine of its own on the wave.
func (c *canvas) line(v wave, thick float64, ink color.RGBA) {
	bounds := c.image.Bounds()
	w, h := float64(bounds.Dx()), float64(bounds.Dy())
	amp, freq, off, middle := between(6, 14), between(0.02, 0.05), between(0, 6), between(0.35, 0.65)*h
	at := func(x, side float64) (float32, float32) {
		p := v.bend(point{x, middle + amp*math.Sin(x*freq+off) + side*thick/2})
		return float32(p.x), float32(p.y)
	}
	c.raster.MoveTo(at(0, -1))
	for x := 4.0; x <= w; x += 4 {
		c.raster.LineTo(at(x, -1))
	}
	for x := w; x >= 0; x -= 4 {
		c.raster.LineTo(at(x, 1))
	}
	c.paint(ink)
}

// specks strews small squares.
func (c *canvas) specks(n int, ink color.RGBA) {
	bounds := c.image.Bounds()
	for range n {
		x, y, half := between(0, float64(bounds.Dx())), between(0, float64(bounds.Dy())), between(0.4, 1.1)
		l, t, r, b := float32(x-half), float32(y-half), float32(x+half), float32(y+half)
		c.raster.MoveTo(l, t)
		c.raster.LineTo(r, t)
		c.raster.LineTo(r, b)
		c.raster.LineTo(l, b)
		c.raster.ClosePath()
	}
	c.paint(ink)
}

func (c *canvas) paint(ink color.RGBA) {
	c.raster.ClosePath()
	c.raster.DrawOp = draw.Over
	bounds := c.image.Bounds()
	c.raster.Draw(c.image, bounds, image.NewUniform(ink), image.Point{})
	c.raster.Reset(bounds.Dx(), bounds.Dy())
}
