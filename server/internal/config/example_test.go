package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/webhook"
)

const example = "../../relay.example.yaml"

func TestTheExampleLoadsAndItsNoticesPass(t *testing.T) {
	env := func(name string) (string, bool) {
		if name == "CONSENT_WEBHOOK_SECRET" {
			return webhook.NewSecret(make([]byte, 32)), true
		}
		return "set", true
	}
	_, err := Load(example, env)
	require.Len(t, Problems(err), 2, "a sitekey and a secret are for each operator to make")
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "relay.yaml")
	require.NoError(t, os.WriteFile(path, []byte(FillExample(string(text), "pk_live_bank", HashSecret("sk"), "/var/lib/ekyc-connect")), 0o600))
	c, err := Load(path, env)
	require.NoError(t, err)
	_, err = notice.New(c.Purposes, notice.Options{})
	require.NoError(t, err)

	d := defaults()
	require.Equal(t, d.Lifetimes, c.Lifetimes, "the example says that these are the defaults")
	require.Equal(t, d.Retention, c.Retention)
	require.Equal(t, d.AdminListen, c.AdminListen)
	d.Log.Origin = "consent.example.com/v1/log" // of the public_url
	require.Equal(t, d.Log, c.Log)
	require.Equal(t, defaultDeadline, c.Accounts["main"].Deadline)
}

func TestTheExampleExplainsEverySetting(t *testing.T) {
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	for _, name := range settings(reflect.TypeFor[Config]()) {
		require.Regexp(t, regexp.MustCompile(`(?m)^[ #-]*`+name+`:`), string(text), "%s is missing from relay.example.yaml", name)
	}
}

// settings lists the YAML names of a type and of all that it holds.
func settings(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return settings(t.Elem())
	case reflect.Struct:
		var all []string
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
			if name == "" || name == "-" {
				continue
			}
			all = append(append(all, name), settings(t.Field(i).Type)...)
		}
		return all
	}
	return nil
}
