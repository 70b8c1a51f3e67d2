package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/web"
)

func TestThePageCanBeReadForElevenKilobytes(t *testing.T) {
	require.NoError(t, web.Fresh())
	assets, err := web.Load()
	require.NoError(t, err)
	view, err := english()
	require.NoError(t, err)
	require.LessOrEqual(t, assets.LoaderBrotli()+view, readable)
	require.LessOrEqual(t, assets.WasmBrotli(), running)
}
