package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/wire"
)

// Whatever a partner or a person has in hand leads to the record and its history.
func TestAConsentIsShownByItsIdAndByWhatSomebodyHasInHand(t *testing.T) {
	data := t.TempDir()
	p := start(t, "--data", data)
	body := p.decision("canary-subject", "key-of-the-shown-one")
	var begun wire.SessionReply
	status, err := p.do(t.Context(), "POST", "/v1/sessions", body, fromPage, &begun)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status)
	var token wire.AnswerReply
	_, err = p.do(t.Context(), "POST", "/v1/answers", map[string]string{"session": begun.Session, "answer": "canary7"}, fromPage, &token)
	require.NoError(t, err)
	var redeemed struct {
		Verification string `json:"verification"`
	}
	_, err = p.do(t.Context(), "POST", "/v1/siteverify", map[string]string{"secret": "sk_test_pass", "response": token.Token}, nil, &redeemed)
	require.NoError(t, err)
	require.NotEmpty(t, redeemed.Verification)

	show := func(about, stdin string) (code int, stdout, stderr string) {
		var out, errs bytes.Buffer
		code = run(context.WithoutCancel(t.Context()), []string{"consents", "show", "--data", data, about}, os.LookupEnv, strings.NewReader(stdin), &out, &errs)
		require.NotContains(t, out.String()+errs.String(), "canary")
		return code, out.String(), errs.String()
	}
	for about, opened := range map[string]string{
		begun.Consent.ID: "", token.Token: "opened       a token", begun.Session: "opened       a session",
		redeemed.Verification: "opened       a verification", begun.Consent.ReceiptURL: "opened       the address of a receipt",
		begun.Consent.ReceiptURL + ".receipt": "opened       the address of a receipt",
	} {
		code, stdout, stderr := show(about, "")
		require.Zero(t, code, stderr)
		require.True(t, strings.HasPrefix(stdout, opened), "%s", stdout)
		require.Contains(t, stdout, "consent      "+begun.Consent.ID+"\nsite         pk_test_pass\npurpose      account-opening\n")
		for _, event := range []string{`entry 0  given`, `entry 1  used +connect ok`, `entry 2  redeemed`} {
			require.Regexp(t, event, stdout)
		}
		again, fromStdin, _ := show("-", about+"\n")
		require.Zero(t, again)
		require.Equal(t, stdout, fromStdin)
	}
	code, stdout, stderr := show(body["presentation"], "")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "none was given with it yet")
	require.Contains(t, stdout, body["notice_sha256"])

	for about, says := range map[string]string{
		"eyJ-garbage": "these keys do not open it", "0190a000-0000-7000-8000-000000000000": "not found: look at the id",
	} {
		code, _, stderr := show(about, "")
		require.Equal(t, 1, code)
		require.Contains(t, stderr, says)
	}
	require.NoError(t, os.Remove(filepath.Join(data, "keys.yaml")))
	code, _, stderr = show(token.Token, "")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "there are no keys to open it with")
}
