package httpapi_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

func TestTicketsAreMintedWithinTheirLimits(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for name, row := range map[string]struct {
		body any
		code wire.Code
		ends string
	}{
		"all default":         {M{}, "", "2026-11-23T10:30:00.000Z"},
		"no life said":        {`{"ttl_s":null}`, "", "2026-11-23T10:30:00.000Z"},
		"a minute":            {M{"ttl_s": 60}, "", "2026-11-23T10:01:00.000Z"},
		"a day":               {M{"ttl_s": 86400}, "", "2026-11-24T10:00:00.000Z"},
		"59 s":                {M{"ttl_s": 59}, wire.InvalidRequest, ""},
		"no time":             {M{"ttl_s": 0}, wire.InvalidRequest, ""},
		"over a day":          {M{"ttl_s": 86401}, wire.InvalidRequest, ""},
		"negative":            {M{"ttl_s": -60}, wire.InvalidRequest, ""},
		"beyond all bounds":   {`{"ttl_s":9223372036854775807}`, wire.InvalidRequest, ""},
		"wrapped around":      {`{"ttl_s":-36028797018963908}`, wire.InvalidRequest, ""},
		"over 64 bits":        {`{"ttl_s":1e30}`, wire.InvalidRequest, ""},
		"a fraction":          {`{"ttl_s":60.5}`, wire.InvalidRequest, ""},
		"text":                {M{"ttl_s": "60"}, wire.InvalidRequest, ""},
		"unknown purpose":     {M{"purpose": "x"}, wire.UnknownPurpose, ""},
		"Aadhaar subject":     {M{"subject": "2341 2341 2346"}, wire.SubjectLooksLikeAadhaar, ""},
		"members of the page": {M{"ticket": "x"}, wire.InvalidRequest, ""},
	} {
		a := r.Do(t, apitest.Call{Path: "/v1/tickets", Secret: apitest.Secret(apitest.Shop), JSON: row.body})
		if row.code != "" {
			require.Equal(t, row.code, a.Problem(t).Code, name)
			continue
		}
		require.Equal(t, 201, a.Status, "%s: %s", name, a.Body)
		require.Contains(t, string(a.Body), `"expires_at":"`+row.ends+`"`, name)
	}
}
