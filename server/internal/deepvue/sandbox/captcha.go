package sandbox

import (
	"bytes"
	"encoding/base64"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// The captcha's alphabet leaves out what looks alike, in either case: 0 O Q D,
// 1 I L, 2 Z, 5 S, 6 G, 8 B, U V.
const alphabet = "3479ACEFHJKMNPRTWXY"

const (
	letterCount = 6
	poolSize    = 64
	width       = 200 // pixels
	height      = 70
	quality     = 82
	letterSize  = 40 // pixels to the em
)

// picture is one captcha of the pool.
type picture struct {
	letters string
	base64  string // JPEG
}

// pool draws the pictures, once for all doubles of a process: drawing one per
// call would cost more than the rest of the call. No two say the same.
var pool = sync.OnceValue(func() []picture {
	fonts := parse(gobold.TTF, gomonobold.TTF)
	seen := map[string]bool{}
	var all []picture
	for len(all) < poolSize {
		var letters [letterCount]byte
		for i := range letters {
			letters[i] = alphabet[rand.IntN(len(alphabet))]
		}
		if text := string(letters[:]); !seen[text] {
			seen[text] = true
			all = append(all, picture{text, drawLetters(text, fonts)})
		}
	}
	return all
})

func parse(files ...[]byte) []*sfnt.Font {
	var fonts []*sfnt.Font
	for _, ttf := range files {
		f, err := sfnt.Parse(ttf)
		if err != nil {
			panic("sandbox: " + err.Error()) // compiled in
		}
		fonts = append(fonts, f)
	}
	return fonts
}

// drawLetters makes a picture of letters, each turned, leaned and sized a little
// differently, all on a wave, with lines and specks across: as captchas are,
// and still easy for a person.
func drawLetters(letters string, fonts []*sfnt.Font) string {
	c := newCanvas(width, height)
	wave := wave{between(1, 2.2), between(1.5, 3.5), between(0.05, 0.09), between(0.02, 0.045), between(0, 6), between(0, 6)}
	for range 8 {
		c.specks(20, shade(0.55, 0.8))
	}
	c.line(wave, between(1, 1.6), shade(0.5, 0.7))
	for i := range len(letters) {
		const step = (width - 24.0) / letterCount
		at := point{12 + step*(float64(i)+0.5) + between(-2, 2), height/2 + between(-5, 5)}
		turn, lean, size := between(-0.32, 0.32), between(-0.2, 0.2), between(0.9, 1.15)
		sin, cos := math.Sincos(turn)
		c.fill(glyph(fonts[rand.IntN(len(fonts))], rune(letters[i])), shade(0.1, 0.4), func(p point) point {
			p.x += lean * p.y
			p = point{size * p.x, size * p.y}
			return wave.bend(point{at.x + cos*p.x - sin*p.y, at.y + sin*p.x + cos*p.y})
		})
	}
	c.line(wave, between(1.1, 1.8), shade(0.25, 0.5))

	var b bytes.Buffer
	if err := jpeg.Encode(&b, c.image, &jpeg.Options{Quality: quality}); err != nil {
		panic("sandbox: " + err.Error()) // into memory: cannot fail
	}
	raw := b.Bytes()
	return base64.StdEncoding.EncodeToString(slices.Concat(raw[:2], []byte(jfif), raw[2:]))
}

// jfif is the segment that the vendor's pictures begin with and image/jpeg
// does not write.
const jfif = "\xFF\xE0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"

// glyph is a letter's outline around its own middle, in pixels, y downwards.
func glyph(f *sfnt.Font, letter rune) []sfnt.Segment {
	var b sfnt.Buffer
	index, err := f.GlyphIndex(&b, letter)
	if err != nil || index == 0 {
		panic("sandbox: a letter that the font lacks")
	}
	segments, err := f.LoadGlyph(&b, index, fixed.I(letterSize), nil)
	if err != nil {
		panic("sandbox: " + err.Error()) // compiled in
	}
	box := segments.Bounds()
	middle := fixed.Point26_6{X: (box.Min.X + box.Max.X) / 2, Y: (box.Min.Y + box.Max.Y) / 2}
	for i := range segments {
		for j := range segments[i].Args {
			segments[i].Args[j] = segments[i].Args[j].Sub(middle)
		}
	}
	return segments
}

// shade is a random colour between two lightnesses, 0 to 1.
func shade(darkest, lightest float64) color.RGBA {
	base := between(darkest, lightest) * 255
	channel := func() uint8 { return uint8(min(max(base+between(-45, 45), 0), 235)) }
	return color.RGBA{channel(), channel(), channel(), 255}
}

func between(low, high float64) float64 { return low + rand.Float64()*(high-low) }
