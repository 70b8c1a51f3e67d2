package sandbox

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFIFOForgetsItsOldestKeyWhenItIsFull(t *testing.T) {
	var f fifo[int]
	require.Nil(t, f.get("0"))
	for i := range remembered {
		*f.at(strconv.Itoa(i)) = i
	}
	*f.at("0") += 7 // there already: nothing is forgotten
	require.Equal(t, 7, *f.get("0"))
	*f.at("new") = 1
	require.Nil(t, f.get("0"))
	require.Equal(t, 1, *f.get("1"))
	require.Len(t, f.values, remembered)
	require.Len(t, f.keys, remembered)
}
