package deepvue

import (
	"bytes"
	"encoding/base64"
	"image/jpeg"
	"strings"
)

const (
	maxPicture = 256 << 10 // bytes
	maxWidth   = 1024      // pixels
	maxHeight  = 512
)

// strictBase64 wants leftover bits to be zero, so that a picture has one text.
var strictBase64 = base64.StdEncoding.Strict()

// checkPicture looks at a captcha as the vendor sends it and returns it as
// plain standard base64: the same string where it was that already, else
// without a data: prefix and white space. The class is empty if all is well.
//
// The picture is not decoded, which would cost more than all the rest; its
// header is read, as a few bytes may stand for 64 million pixels.
func checkPicture(text string) (string, Class) {
	text = plain(text)
	if base64.StdEncoding.DecodedLen(len(text)) > maxPicture+2 {
		return "", classTooLarge
	}
	raw, err := strictBase64.DecodeString(text)
	switch {
	case err != nil:
		return "", classPicture
	case len(raw) > maxPicture:
		return "", classTooLarge
	case !bytes.HasPrefix(raw, []byte{0xFF, 0xD8}) || !bytes.HasSuffix(raw, []byte{0xFF, 0xD9}):
		return "", classPicture
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(raw))
	switch {
	case err != nil:
		return "", classPicture
	case config.Width < 1 || config.Width > maxWidth || config.Height < 1 || config.Height > maxHeight:
		return "", classDimension
	}
	return text, ""
}

func plain(text string) string {
	const whiteSpace = " \t\r\n"
	if strings.HasPrefix(text, "data:") {
		head, tail, _ := strings.Cut(text, ",")
		if head == "data:image/jpeg;base64" || head == "data:image/jpg;base64" {
			text = tail
		}
	}
	if !strings.ContainsAny(text, whiteSpace) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(whiteSpace, r) {
			return -1
		}
		return r
	}, text)
}
