package main

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue/sandbox"
	"ekycconnect/server/internal/startline"
)

func TestSandboxCommandSaysItsURLAndEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	cmd := sandboxCommand()
	cmd.SetArgs([]string{"--listen", "127.0.0.1:0"})
	cmd.SetOut(in)
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()

	at, err := startline.Read(out)
	require.NoError(t, err)
	response, err := http.Get(at.URL + sandbox.StatsPath)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)

	cancel()
	require.NoError(t, <-ended)
}

func TestSandboxCommandSaysWhatToDoWhenItCannotListen(t *testing.T) {
	cmd := sandboxCommand()
	cmd.SetArgs([]string{"--listen", "127.0.0.1:99999"})
	require.ErrorContains(t, cmd.ExecuteContext(t.Context()), "--listen")
}
