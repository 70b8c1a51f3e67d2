package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

func TestATicketSaysWhoTheSubjectIsAndServesOneConsent(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	ticket := r.Ticket(t, apitest.Shop, M{"subject": "customer-7", "purpose": apitest.Purpose})
	decision := apitest.With(r.Decision(t, apitest.Shop), M{"ticket": ticket})

	// Refusing does not spend it: the person may change their mind.
	a := r.Do(t, apitest.Call{Path: "/v1/declines", Origin: apitest.ShopOrigin, JSON: decision})
	require.Equal(t, 201, a.Status, "%s", a.Body)

	begun := r.Begin(t, decision)
	v := r.Verify(t, apitest.Shop, M{"response": r.Token(t, apitest.Shop, begun.Session, "abc").Token, "subject": "customer-7"})
	require.True(t, v.Success, "%v", v.ErrorCodes)
	require.Equal(t, "customer-7", v.Consent.Subject)
	require.Equal(t, "ticket", v.Consent.SubjectSource)
	require.Equal(t, 2, r.Entries(t, apitest.Shop, "customer-7"))

	require.Equal(t, begun.Consent, r.Begin(t, decision).Consent, "an equal repeat is no second use")
	p := r.Agree(t, apitest.With(decision, M{"idempotency_key": apitest.Key()})).Problem(t)
	require.Equal(t, wire.TicketInvalid, p.Code)
	require.Nil(t, p.Consent)
	require.Equal(t, 2, r.Entries(t, apitest.Shop, "customer-7"))
}

func TestATicketWithoutSubjectLeavesThePersonUnnamed(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := apitest.With(r.Decision(t, apitest.Shop), M{"ticket": r.Ticket(t, apitest.Shop, M{})})
	p := r.Agree(t, apitest.With(decision, M{"subject": "s"})).Problem(t)
	require.Equal(t, wire.InvalidRequest, p.Code, "the page has no say beside a ticket")
	v := r.Verify(t, apitest.Shop, M{"response": r.Token(t, apitest.Shop, r.Begin(t, decision).Session, "abc").Token})
	require.Empty(t, v.Consent.Subject)
	require.Empty(t, v.Consent.SubjectSource)
}

func TestASiteMayAdmitVisitorsWithATicketOnly(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := r.Decision(t, apitest.Ticketed)
	for _, path := range []string{"/v1/sessions", "/v1/declines"} {
		for _, change := range []M{{}, {"subject": "s"}, {"ticket": ""}} {
			a := r.Do(t, apitest.Call{Path: path, Origin: apitest.ShopOrigin, JSON: apitest.With(decision, change)})
			require.Equal(t, wire.TicketRequired, a.Problem(t).Code, path)
		}
	}
	require.Zero(t, r.Vendor.Stats().Connect)
	r.Begin(t, apitest.With(decision, M{"ticket": r.Ticket(t, apitest.Ticketed, M{"subject": "s"})}))
}

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
		"the other purpose":   {M{"purpose": apitest.OtherPurpose}, "", "2026-11-23T10:30:00.000Z"},
		"long subject":        {M{"subject": strings.Repeat("x", 129)}, wire.InvalidRequest, ""},
		"Aadhaar subject":     {M{"subject": "2341 2341 2346"}, wire.SubjectLooksLikeAadhaar, ""},
		"any twelve digits":   {M{"subject": "000000000000"}, wire.SubjectLooksLikeAadhaar, ""},
		"an unprintable one":  {M{"subject": "a\u0000"}, wire.InvalidRequest, ""},
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
	// A purpose of another site's.
	a := r.Do(t, apitest.Call{Path: "/v1/tickets", Secret: apitest.Secret(apitest.Bank), JSON: M{"purpose": apitest.OtherPurpose}})
	require.Equal(t, wire.UnknownPurpose, a.Problem(t).Code)
}

func TestATicketRunsOutWhenItSaid(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := r.Decision(t, apitest.Shop)
	ticket := r.Ticket(t, apitest.Shop, M{"ttl_s": 120})
	r.Clock.Add(2 * time.Minute)
	r.Begin(t, apitest.With(decision, M{"ticket": ticket}))
	ticket = r.Ticket(t, apitest.Shop, M{"ttl_s": 120})
	r.Clock.Add(2*time.Minute + 31*time.Second)
	p := r.Agree(t, apitest.With(decision, M{"ticket": ticket, "idempotency_key": apitest.Key()})).Problem(t)
	require.Equal(t, wire.TicketInvalid, p.Code)
}
