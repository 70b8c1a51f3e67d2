//go:build js && wasm

package widget_test

import (
	"strings"
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/internal/jsx"
	"ekycconnect/wasm/internal/widget"
)

func TestAPictureIsDrawnInItsOwnSizeAndWhatIsNoneIsAnError(t *testing.T) {
	canvas := func(width, height int) js.Value {
		c := js.Global().Get("document").Call("createElement", "canvas")
		c.Set("width", width)
		c.Set("height", height)
		return c
	}
	source := canvas(90, 40)
	pen := source.Call("getContext", "2d")
	pen.Set("fillStyle", "#f00")
	pen.Call("fillRect", 0, 0, 90, 40)
	_, jpeg, _ := strings.Cut(source.Call("toDataURL", "image/jpeg", 1).String(), ",")

	drawn := canvas(1, 1)
	browser := widget.Browser(js.Undefined(), js.Undefined())
	picture, err := jsx.Await(browser.Decode(jpeg))
	require.NoError(t, err)
	browser.Draw(drawn, picture)
	require.Equal(t, []int{90, 40}, []int{drawn.Get("width").Int(), drawn.Get("height").Int()})
	pixel := drawn.Call("getContext", "2d").Call("getImageData", 89, 39, 1, 1).Get("data")
	require.Greater(t, pixel.Index(0).Int(), 250)
	require.Less(t, pixel.Index(1).Int(), 5)

	_, err = jsx.Await(browser.Decode("aGVsbG8="))
	require.Error(t, err)
}
