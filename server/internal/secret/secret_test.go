package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoWayOfPrintingShowsTheValue(t *testing.T) {
	s := struct{ Key String }{New("canary-7f3a")}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Error("x", "key", s.Key, "whole", s)
	body, err := json.Marshal(s)
	require.NoError(t, err)
	for _, printed := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x", s, s, s, s, s, s.Key), fmt.Sprint(&s), log.String(), string(body),
	} {
		require.NotContains(t, printed, "canary")
		require.NotContains(t, printed, fmt.Sprintf("%x", "canary"))
	}
	require.Equal(t, "canary-7f3a", s.Key.Reveal())
}
