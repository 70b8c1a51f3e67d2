package receiptpage

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"testing"

	qr "github.com/piglig/go-qr"
	"github.com/stretchr/testify/require"
)

// drawn is what a printer makes of the path, a module 8 points wide.
func drawn(t *testing.T, c code) image.Image {
	t.Helper()
	const wide = 8
	paper := image.NewGray(image.Rect(0, 0, c.Side*wide, c.Side*wide))
	draw.Draw(paper, paper.Bounds(), image.White, image.Point{}, draw.Src)
	for _, bar := range strings.SplitAfter(c.Path, "z") {
		if bar == "" {
			continue
		}
		var x, y, long, back int
		_, err := fmt.Sscanf(bar, "M%d %dh%dv1h-%dz", &x, &y, &long, &back)
		require.NoError(t, err, bar)
		require.Equal(t, long, back)
		draw.Draw(paper, image.Rect(x*wide, y*wide, (x+long)*wide, (y+1)*wide), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	return paper
}

func TestACameraReadsTheAddressFromPaper(t *testing.T) {
	for _, address := range []string{
		"https://relay.example/v1/receipts/" + strings.Repeat("A_-z", 10) + "AAA",
		"http://localhost:8080/consent/of/many/letters/v1/receipts/" + strings.Repeat("9bQ-", 10) + "_Z0",
	} {
		c, err := codeOf(address)
		require.NoError(t, err)
		read, err := qr.Decode(drawn(t, c))
		require.NoError(t, err)
		require.Equal(t, address, read)
	}
}

func TestAnAddressThatFitsNoCodeIsToldWithWhatToDo(t *testing.T) {
	_, err := codeOf(strings.Repeat("a", 3000))
	require.ErrorContains(t, err, "shorten public_url")
}
