package startline

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheLineSaysWhere(t *testing.T) {
	at, err := Read(strings.NewReader(`{"url":"http://localhost:8080","admin_url":"http://127.0.0.1:8081","sandbox":true}` + "\nmore"))
	require.NoError(t, err)
	require.Equal(t, Line{URL: "http://localhost:8080", AdminURL: "http://127.0.0.1:8081", Sandbox: true}, at)
}

func TestAProgramThatEndsBeforeItServesIsSaid(t *testing.T) {
	_, err := Read(strings.NewReader(""))
	require.ErrorIs(t, err, io.EOF)
	_, err = Read(strings.NewReader("not JSON\n"))
	require.Error(t, err)
}
