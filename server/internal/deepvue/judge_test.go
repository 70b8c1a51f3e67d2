package deepvue

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/jpeg"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever the vendor sends, what is taken holds the promises of [Session].
func FuzzWhatIsTakenIsChecked(f *testing.F) {
	var b bytes.Buffer
	require.NoError(f, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil))
	captcha := base64.StdEncoding.EncodeToString(b.Bytes())
	for _, body := range []string{
		`{"code":200,"transaction_id":"t","data":{"session_id":"s","captcha":"` + captcha + `"}}`,
		`{"code":"200","data":{"session_id":"s","captcha":"data:image/jpeg;base64,` + captcha[:40] + `\r\n` + captcha[40:] + `"}}`,
		`{"code":null,"message":"down"}`, `{"code":200,"data":[]}`, `{"detail":"x"}`, `<html>`, ``, `null`, `"x"`, `{"code":2e2}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, code, class := judgeBody(body, true)
		require.Equal(t, code == "", class == "")
		require.True(t, printable(a.transactionID, 0, maxID))
		if code != "" {
			return
		}
		require.True(t, printable(a.sessionID, 1, maxID))
		raw, err := base64.StdEncoding.Strict().DecodeString(a.captcha)
		require.NoError(t, err)
		require.LessOrEqual(t, len(raw), maxPicture)
		require.Equal(t, a.captcha, base64.StdEncoding.EncodeToString(raw), "plain standard base64")
		require.True(t, bytes.HasPrefix(raw, []byte{0xFF, 0xD8}) && bytes.HasSuffix(raw, []byte{0xFF, 0xD9}))
	})
}

// What image/jpeg takes for a picture is one here, of the same size.
func FuzzTheSizeIsThatOfTheDecoder(f *testing.F) {
	for _, i := range []image.Image{image.NewGray(image.Rect(0, 0, 8, 8)), image.NewRGBA(image.Rect(0, 0, 200, 70)), image.NewRGBA(image.Rect(0, 0, 3, 1000))} {
		var b bytes.Buffer
		require.NoError(f, jpeg.Encode(&b, i, nil))
		f.Add(b.Bytes())
		f.Add(append(append([]byte{0xFF, 0xD8, 0xFF, 0xE0, 0, 16}, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"...), b.Bytes()[2:]...))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		config, err := jpeg.DecodeConfig(bytes.NewReader(raw))
		if err != nil {
			return
		}
		width, height, ok := size(raw)
		require.True(t, ok)
		require.Equal(t, []int{config.Width, config.Height}, []int{width, height})
	})
}
