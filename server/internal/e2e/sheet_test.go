package e2e

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

const (
	cell   = 330 // width of one picture on the sheet, in pixels
	margin = 24
	line   = 40 // height of a line of words
)

// compose puts pictures on one sheet, a row for each name and a column for each
// look: DIR/name-look.png.
func compose(t *testing.T, dir string, names, looks []string, out string) {
	t.Helper()
	words, err := opentype.Parse(goregular.TTF)
	require.NoError(t, err)
	face, err := opentype.NewFace(words, &opentype.FaceOptions{Size: 20, DPI: 72, Hinting: font.HintingFull})
	require.NoError(t, err)

	pictures := map[string]image.Image{}
	heights := make([]int, len(names))
	for i, name := range names {
		for _, look := range looks {
			key := name + "-" + look
			small := shrink(t, filepath.Join(dir, key+".png"))
			pictures[key] = small
			heights[i] = max(heights[i], small.Bounds().Dy())
		}
	}
	height := margin + line
	for _, h := range heights {
		height += line + h + margin
	}
	sheet := image.NewRGBA(image.Rect(0, 0, margin+len(looks)*(cell+margin), height))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.RGBA{0xdd, 0xe2, 0xe9, 0xff}), image.Point{}, draw.Src)
	write := func(x, y int, text string) {
		d := font.Drawer{Dst: sheet, Src: image.NewUniform(color.RGBA{0x17, 0x20, 0x2c, 0xff}), Face: face, Dot: fixed.P(x, y)}
		d.DrawString(text)
	}
	for i, look := range looks {
		write(margin+i*(cell+margin), margin+line/2, look)
	}
	y := margin + line
	for i, name := range names {
		write(margin, y+line/2, name)
		y += line
		for j, look := range looks {
			at := image.Pt(margin+j*(cell+margin), y)
			p := pictures[name+"-"+look]
			draw.Draw(sheet, p.Bounds().Add(at), p, image.Point{}, draw.Src)
		}
		y += heights[i] + margin
	}
	f, err := os.Create(out)
	require.NoError(t, err)
	defer f.Close()
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	require.NoError(t, encoder.Encode(f, sheet))
}

// shrink reads a picture and makes it as wide as a cell.
func shrink(t *testing.T, file string) image.Image {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	big, err := png.Decode(f)
	require.NoError(t, err)
	size := big.Bounds().Size()
	small := image.NewRGBA(image.Rect(0, 0, cell, size.Y*cell/size.X))
	draw.CatmullRom.Scale(small, small.Bounds(), big, big.Bounds(), draw.Src, nil)
	return small
}
