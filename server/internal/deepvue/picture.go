package deepvue

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
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
	kept := pictures.Get().(*[]byte)
	defer pictures.Put(kept)
	raw, err := strictBase64.AppendDecode((*kept)[:0], []byte(text))
	*kept = raw
	switch {
	case err != nil:
		return "", classPicture
	case len(raw) > maxPicture:
		return "", classTooLarge
	case !bytes.HasPrefix(raw, []byte{0xFF, 0xD8}) || !bytes.HasSuffix(raw, []byte{0xFF, 0xD9}):
		return "", classPicture
	}
	width, height, ok := size(raw)
	switch {
	case !ok:
		return "", classPicture
	case width < 1 || width > maxWidth || height < 1 || height > maxHeight:
		return "", classDimension
	}
	return text, ""
}

// pictures are buffers for pictures, which are looked at and let go of at once.
var pictures = sync.Pool{New: func() any { return new([]byte) }}

// size reads the frame header of a JPEG (ITU T.81, B.2.2), which image/jpeg would
// do with tables of 13 KB for decoding. ok is false if there is none that image/jpeg
// could decode: 8 bits a sample, baseline to progressive, 1, 3 or 4 components.
func size(raw []byte) (width, height int, ok bool) {
	rest := raw[2:] // after the start of the image
	for len(rest) >= 4 {
		marker := rest[1]
		switch {
		case rest[0] != 0xFF || marker == 0xFF || marker == 0: // filling, or what decoders forgive
			rest = rest[1:]
			continue
		case marker == 0xD9 || marker == 0xDA: // the end, or the picture itself, before a frame
			return 0, 0, false
		case marker >= 0xD0 && marker <= 0xD7: // stand alone
			rest = rest[2:]
			continue
		}
		length := int(binary.BigEndian.Uint16(rest[2:]))
		if length < 2 || len(rest) < 2+length {
			return 0, 0, false
		}
		if marker >= 0xC0 && marker <= 0xC2 {
			frame := rest[4 : 2+length]
			if len(frame) < 6 || frame[0] != 8 {
				return 0, 0, false
			}
			components := int(frame[5])
			ok = (components == 1 || components == 3 || components == 4) && len(frame) == 6+3*components
			return int(binary.BigEndian.Uint16(frame[3:])), int(binary.BigEndian.Uint16(frame[1:])), ok
		}
		rest = rest[2+length:]
	}
	return 0, 0, false
}

func plain(text string) string {
	const whiteSpace = " \t\r\n"
	if strings.HasPrefix(text, "data:") {
		head, tail, _ := strings.Cut(text, ",")
		if head == "data:image/jpeg;base64" || head == "data:image/jpg;base64" {
			text = tail
		}
	}
	if !slices.ContainsFunc([]byte(whiteSpace), func(c byte) bool { return strings.IndexByte(text, c) >= 0 }) {
		return text // found out several times faster than by ContainsAny
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(whiteSpace, r) {
			return -1
		}
		return r
	}, text)
}
