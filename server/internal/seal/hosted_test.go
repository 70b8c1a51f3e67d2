package seal_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/seal"
)

// The longest of everything that is taken fits into a sealed value.
func TestTheLongestVisitOfTheHostedPageFits(t *testing.T) {
	s, err := seal.New([]seal.MasterKey{{ID: strings.Repeat("k", 16), Key: bytes.Repeat([]byte{1}, 32)}}, time.Now)
	require.NoError(t, err)
	_, err = s.Seal(&seal.Hosted{
		Base:   seal.Base{Site: strings.Repeat("s", 64), Purpose: strings.Repeat("p", 64)},
		Origin: "https://" + strings.Repeat("o", 253) + ":65535", Return: strings.Repeat("r", 256), State: strings.Repeat("s", 128), Lang: strings.Repeat("l", 8),
		Subject: strings.Repeat("घ", 128), NoticeSHA256: strings.Repeat("0", 64), Key: strings.Repeat("k", 22), ConsentID: strings.Repeat("c", 36),
	}, time.Hour)
	require.NoError(t, err)
}
