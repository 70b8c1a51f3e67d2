package e2e

import (
	"image"
	"image/color"
	"image/color/palette"
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

// shot is a picture on a sheet, with a word above it.
type shot struct{ word, file string }

// compose puts pictures on one sheet, a row for each name and a column for each
// look: DIR/name-look.png.
func compose(t *testing.T, dir string, names, looks []string, out string) {
	t.Helper()
	var rows [][]shot
	for _, name := range names {
		var row []shot
		for _, look := range looks {
			row = append(row, shot{name + ", " + look, filepath.Join(dir, name+"-"+look+".png")})
		}
		rows = append(rows, row)
	}
	sheet(t, rows, out)
}

// sheet puts rows of pictures on one.
func sheet(t *testing.T, rows [][]shot, out string) {
	t.Helper()
	words, err := opentype.Parse(goregular.TTF)
	require.NoError(t, err)
	face, err := opentype.NewFace(words, &opentype.FaceOptions{Size: 20, DPI: 72, Hinting: font.HintingFull})
	require.NoError(t, err)

	pictures := make([][]image.Image, len(rows))
	heights := make([]int, len(rows))
	columns, height := 0, margin
	for i, row := range rows {
		for _, s := range row {
			small := shrink(t, s.file)
			pictures[i] = append(pictures[i], small)
			heights[i] = max(heights[i], small.Bounds().Dy())
		}
		columns = max(columns, len(row))
		height += line + heights[i] + margin
	}
	// 256 colours are enough to look at, and a fifth of the bytes.
	all := image.NewPaletted(image.Rect(0, 0, margin+columns*(cell+margin), height), palette.Plan9)
	draw.Draw(all, all.Bounds(), image.NewUniform(color.RGBA{0xdd, 0xe2, 0xe9, 0xff}), image.Point{}, draw.Src)
	y := margin
	for i, row := range rows {
		for j, s := range row {
			x := margin + j*(cell+margin)
			d := font.Drawer{Dst: all, Src: image.NewUniform(color.RGBA{0x17, 0x20, 0x2c, 0xff}), Face: face, Dot: fixed.P(x, y+line/2)}
			d.DrawString(s.word)
			p := pictures[i][j]
			draw.Draw(all, p.Bounds().Add(image.Pt(x, y+line)), p, image.Point{}, draw.Src)
		}
		y += line + heights[i] + margin
	}
	f, err := os.Create(out)
	require.NoError(t, err)
	defer f.Close()
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	require.NoError(t, encoder.Encode(f, all))
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
