package e2e

import (
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

const (
	margin = 24
	line   = 40 // height of a line of words
)

// shot is a picture on a contact sheet, with a word above it.
type shot struct{ word, file string }

// compose puts pictures on one contact sheet, a row for each name and a column for each
// look: DIR/name-look.png, made as much smaller as scale says.
func compose(t *testing.T, dir string, names, looks []string, scale float64, out string) {
	t.Helper()
	var rows [][]shot
	for _, name := range names {
		var row []shot
		for _, look := range looks {
			row = append(row, shot{name + ", " + look, filepath.Join(dir, name+"-"+look+".png")})
		}
		rows = append(rows, row)
	}
	contactSheet(t, rows, scale, out)
}

// contactSheet puts rows of pictures on one.
func contactSheet(t *testing.T, rows [][]shot, scale float64, out string) {
	t.Helper()
	words, err := opentype.Parse(goregular.TTF)
	require.NoError(t, err)
	face, err := opentype.NewFace(words, &opentype.FaceOptions{Size: 20, DPI: 72, Hinting: font.HintingFull})
	require.NoError(t, err)

	pictures := make([][]image.Image, len(rows))
	heights := make([]int, len(rows))
	var columns []int // their widths
	width, height := margin, margin
	for i, row := range rows {
		for j, s := range row {
			small := shrink(t, s.file, scale)
			if j == len(columns) {
				columns = append(columns, 0)
			}
			columns[j] = max(columns[j], small.Bounds().Dx())
			pictures[i] = append(pictures[i], small)
			heights[i] = max(heights[i], small.Bounds().Dy())
		}
		height += line + heights[i] + margin
	}
	for _, column := range columns {
		width += column + margin
	}
	all := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(all, all.Bounds(), image.NewUniform(color.RGBA{0xdd, 0xe2, 0xe9, 0xff}), image.Point{}, draw.Src)
	y := margin
	for i, row := range rows {
		x := margin
		for j, s := range row {
			d := font.Drawer{Dst: all, Src: image.NewUniform(color.RGBA{0x17, 0x20, 0x2c, 0xff}), Face: face, Dot: fixed.P(x, y+line/2)}
			d.DrawString(s.word)
			p := pictures[i][j]
			draw.Draw(all, p.Bounds().Add(image.Pt(x, y+line)), p, image.Point{}, draw.Src)
			x += columns[j] + margin
		}
		y += line + heights[i] + margin
	}
	f, err := os.Create(out)
	require.NoError(t, err)
	defer f.Close()
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	require.NoError(t, encoder.Encode(f, fewColours(all)))
}

// fewColours paints with the 256 colours that a picture has most of: enough to
// look at, and a fifth of the bytes.
func fewColours(p *image.RGBA) *image.Paletted {
	key := func(c color.RGBA) int { return int(c.R>>3)<<10 | int(c.G>>3)<<5 | int(c.B>>3) }
	counts := map[color.RGBA]int{}
	for i := 0; i < len(p.Pix); i += 4 {
		counts[color.RGBA{p.Pix[i], p.Pix[i+1], p.Pix[i+2], 255}]++
	}
	colours := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int { return counts[b] - counts[a] })
	var most color.Palette
	taken := map[int]bool{} // one of each kind
	for _, c := range colours {
		if k := key(c); !taken[k] && len(most) < 256 {
			taken[k] = true
			most = append(most, c)
		}
	}
	out := image.NewPaletted(p.Bounds(), most)
	nearest := map[color.RGBA]uint8{}
	for i := range out.Pix {
		c := color.RGBA{p.Pix[4*i], p.Pix[4*i+1], p.Pix[4*i+2], 255}
		n, ok := nearest[c]
		if !ok {
			n = uint8(most.Index(c))
			nearest[c] = n
		}
		out.Pix[i] = n
	}
	return out
}

// shrink reads a picture and scales it.
func shrink(t *testing.T, file string, scale float64) image.Image {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	big, err := png.Decode(f)
	require.NoError(t, err)
	size := big.Bounds().Size()
	small := image.NewRGBA(image.Rect(0, 0, int(scale*float64(size.X)), int(scale*float64(size.Y))))
	draw.CatmullRom.Scale(small, small.Bounds(), big, big.Bounds(), draw.Src, nil)
	return small
}
