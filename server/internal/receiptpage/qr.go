package receiptpage

import (
	"fmt"
	"strings"

	qr "github.com/piglig/go-qr"
)

// quiet is the white frame that readers of the code need, in modules
// (ISO/IEC 18004, 5.3.8).
const quiet = 4

// code is a QR code as an SVG: its side, and a path over its dark modules.
type code struct {
	Side int
	Path string
}

// codeOf draws text. What is lost in print, up to 15 % of it, readers restore.
func codeOf(text string) (code, error) {
	q, err := qr.EncodeText(text, qr.Medium)
	if err != nil {
		return code{}, fmt.Errorf("receiptpage: the receipt's address does not fit a QR code; shorten public_url: %w", err)
	}
	var path strings.Builder
	for y := range q.Size() {
		for x := 0; x < q.Size(); x++ {
			begin := x
			for x < q.Size() && q.Module(x, y) {
				x++
			}
			if x > begin {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", begin+quiet, y+quiet, x-begin, x-begin)
			}
		}
	}
	return code{q.Size() + 2*quiet, path.String()}, nil
}
