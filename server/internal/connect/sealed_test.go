package connect_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// ticket mints one at shop.
func (c *core) ticket(t *testing.T, purpose, subject string, life time.Duration) string {
	t.Helper()
	ticket, _, err := c.Ticket(c.sites[shop], purpose, subject, life)
	require.NoError(t, err)
	return ticket
}

func TestATicketIsMintedWithinItsBounds(t *testing.T) {
	for name, row := range map[string]struct {
		purpose, subject string
		life             time.Duration
		code             wire.Code
		ends             time.Duration
	}{
		"all default":                         {"", "", 0, "", 30 * time.Minute},
		"the least":                           {"", "", time.Minute, "", time.Minute},
		"the most":                            {"", "", 24 * time.Hour, "", 24 * time.Hour},
		"too short":                           {"", "", time.Minute - 1, wire.InvalidRequest, 0},
		"too long":                            {"", "", 24*time.Hour + 1, wire.InvalidRequest, 0},
		"negative":                            {"", "", -time.Minute, wire.InvalidRequest, 0},
		"one of its purposes":                 {loan, "", 0, "", 30 * time.Minute},
		"another purpose":                     {"nothing", "", 0, wire.UnknownPurpose, 0},
		"a subject":                           {"", strings.Repeat("न", 128), 0, "", 30 * time.Minute},
		"a long subject":                      {"", strings.Repeat("x", 129), 0, wire.InvalidRequest, 0},
		"an Aadhaar number":                   {"", "2341 2341 2346", 0, wire.SubjectLooksLikeAadhaar, 0},
		"purpose before subject":              {"nothing", "2341 2341 2346", 0, wire.UnknownPurpose, 0},
		"subject before life":                 {"", "2341 2341 2346", time.Second, wire.SubjectLooksLikeAadhaar, 0},
		"another purpose, of any life at all": {"nothing", "", time.Second, wire.UnknownPurpose, 0},
	} {
		c := newCore(t)
		ticket, ends, err := c.Ticket(c.sites[shop], row.purpose, row.subject, row.life)
		require.Equal(t, row.code, codeOf(t, err), name)
		if row.code == "" {
			require.NotEmpty(t, ticket)
			require.LessOrEqual(t, len(ticket), 1024, name)
			require.Equal(t, connect.Stamp(c.clock.Now().Add(row.ends)), ends, name)
		}
	}
}

func TestATicketSaysWhoTheSubjectIsAndServesOneConsent(t *testing.T) {
	c := newCore(t)
	ticketed := func(d *wire.Decision) { d.Subject = "" }
	decision := c.decision(t, ticketed)
	decision.Ticket = c.ticket(t, opening, "customer", 0)
	_, err := c.Decline(t.Context(), &wire.DeclineRequest{Decision: decision.Decision}, page)
	require.NoError(t, err, "refusing does not spend it")
	begun, err := c.Begin(t.Context(), decision, page)
	require.NoError(t, err)
	again, err := c.Begin(t.Context(), decision, page)
	require.NoError(t, err, "an equal repeat is no second use")
	require.Equal(t, begun.Consent, again.Consent)
	other := c.decision(t, ticketed)
	other.Ticket = decision.Ticket
	_, err = c.Begin(t.Context(), other, page)
	requireRefusal(t, wire.TicketInvalid, nil, err)
	require.Equal(t, 2, c.decided(t))

	redeemed, err := c.Redeem(t.Context(), connect.Redeem{Secret: secretOf(shop), Response: c.answered(t, begun.Session), Subject: "customer"})
	require.NoError(t, err)
	require.True(t, redeemed.Success)
	require.Equal(t, "ticket", redeemed.Consent.SubjectSource)
}

func TestATicketWithoutSubjectLeavesThePersonUnnamed(t *testing.T) {
	c := newCore(t)
	decision := c.decision(t, func(d *wire.Decision) { d.Subject = "" })
	decision.Ticket = c.ticket(t, "", "", 0)
	begun, err := c.Begin(t.Context(), decision, page)
	require.NoError(t, err)
	redeemed, err := c.Redeem(t.Context(), connect.Redeem{Secret: secretOf(shop), Response: c.answered(t, begun.Session)})
	require.NoError(t, err)
	require.Empty(t, redeemed.Consent.Subject)
	require.Empty(t, redeemed.Consent.SubjectSource)
}

// Both a consent and a refusal need a ticket that is good for this site and purpose.
func TestATicketIsGoodWhereItWasMintedFor(t *testing.T) {
	c := newCore(t)
	foreign, _, err := c.Ticket(c.sites[bank], opening, "", 0)
	require.NoError(t, err)
	short := c.ticket(t, "", "", time.Minute)
	for _, row := range []struct {
		name, ticket string
		required     bool
		move         time.Duration
		code         wire.Code
	}{
		{"none", "", false, 0, ""},
		{"none where one is required", "", true, 0, wire.TicketRequired},
		{"one where one is required", c.ticket(t, opening, "", 0), true, 0, ""},
		{"for any purpose", c.ticket(t, "", "", 0), false, 0, ""},
		{"for another purpose", c.ticket(t, loan, "", 0), false, 0, wire.TicketInvalid},
		{"of another site", foreign, false, 0, wire.TicketInvalid},
		{"forged", short + "x", false, 0, wire.TicketInvalid},
		{"of another kind", c.decision(t).Presentation, false, 0, wire.TicketInvalid},
		{"in its last moment", short, false, time.Minute + seal.Skew, ""},
		{"that has run out", short, false, time.Millisecond, wire.TicketInvalid},
	} {
		c.clock.Move(row.move)
		c.sites[shop].RequireTicket = row.required
		decision := c.decision(t)
		decision.Ticket = row.ticket
		_, err := c.Decline(t.Context(), &wire.DeclineRequest{Decision: decision.Decision}, page)
		require.Equal(t, row.code, codeOf(t, err), row.name)
		_, err = c.Begin(t.Context(), decision, page)
		require.Equal(t, row.code, codeOf(t, err), row.name)
	}
}

// A presentation is the proof that this notice was shown, for this site and purpose.
func TestAPresentationIsGoodWhereItWasShown(t *testing.T) {
	c := newCore(t)
	current, _ := c.Notices.Pick(opening, "", "")
	other, _ := c.Notices.Pick(loan, "", "")
	now, _ := seal.HashOf(current.Ref.SHA256)
	shown := func(site, purpose string, notice seal.Hash, life time.Duration) string {
		value, err := c.Sealer.Seal(&seal.Presentation{Base: seal.Base{Site: site, Purpose: purpose}, Nonce: "n", Notice: notice}, life)
		require.NoError(t, err)
		return value
	}
	for _, row := range []struct {
		name, presentation, sha256 string
		code                       wire.Code
	}{
		{"the notice in use", shown(shop, opening, now, time.Hour), current.Ref.SHA256, ""},
		{"another site's", shown(bank, opening, now, time.Hour), current.Ref.SHA256, wire.InvalidRequest},
		{"another purpose's", shown(shop, loan, now, time.Hour), current.Ref.SHA256, wire.InvalidRequest},
		{"another notice's", shown(shop, opening, now, time.Hour), other.Ref.SHA256, wire.InvalidRequest},
		{"no hash", shown(shop, opening, seal.Hash{}, time.Hour), "x", wire.InvalidRequest},
		{"a hash in capitals", shown(shop, opening, now, time.Hour), strings.ToUpper(current.Ref.SHA256), wire.InvalidRequest},
		{"forged", "x", current.Ref.SHA256, wire.InvalidRequest},
		{"a ticket", c.ticket(t, "", "", 0), current.Ref.SHA256, wire.InvalidRequest},
		{"run out", shown(shop, opening, now, -seal.Skew-time.Millisecond), current.Ref.SHA256, wire.NoticeChanged},
		{"a notice no longer in use", shown(shop, opening, seal.Hash{}, time.Hour), strings.Repeat("0", 64), wire.NoticeChanged},
	} {
		decision := c.decision(t)
		decision.Presentation, decision.NoticeSHA256 = row.presentation, row.sha256
		_, err := c.Decline(t.Context(), &wire.DeclineRequest{Decision: decision.Decision}, page)
		require.Equal(t, row.code, codeOf(t, err), row.name)
		_, err = c.Begin(t.Context(), decision, page)
		require.Equal(t, row.code, codeOf(t, err), row.name)
	}
	require.Equal(t, 2, c.decided(t))
}

// A presentation lives for six hours and may serve several decisions; each record
// carries its nonce.
func TestAPresentationServesDecisionsForItsLife(t *testing.T) {
	c := newCore(t)
	decision := c.decision(t)
	for _, again := range []string{"idempotency-key-a", "idempotency-key-b"} {
		decision.IdempotencyKey = again
		_, err := c.Begin(t.Context(), decision, page)
		require.NoError(t, err)
		c.clock.Move(6*time.Hour + seal.Skew)
	}
	records, _, err := c.other.BySubject(t.Context(), shop, "customer", 0, "")
	require.NoError(t, err)
	nonces := map[string]bool{}
	for _, record := range records {
		_, rest, found := strings.Cut(string(record.Body), `"session_nonce":"`)
		require.True(t, found)
		require.Contains(t, string(record.Body), `"presented_at":"2026-11-23T04:30:00.123Z"`)
		nonces[rest[:22]] = true
	}
	require.Len(t, records, 2)
	require.Len(t, nonces, 1)
	decision.IdempotencyKey = "idempotency-key-c"
	_, err = c.Begin(t.Context(), decision, page)
	require.Equal(t, wire.NoticeChanged, codeOf(t, err))
}

func TestAViewSaysWhichLanguageWasAskedFor(t *testing.T) {
	c := newCore(t)
	for requested, kept := range map[string]string{
		"": "", "en": "", "hi": "hi", "hi-IN": "hi-IN", "x": "x", strings.Repeat("a", 35): strings.Repeat("a", 35),
		strings.Repeat("a", 36): "", "h_i": "", "hi\x00": "", "हि": "", "2341-2341-2346": "", "9-Az": "9-Az",
	} {
		shown, err := c.View(t.Context(), shop, opening, requested, "", page)
		require.NoError(t, err)
		require.Equal(t, "en", shown.Notice.Ref.Lang, "there is no other")
		var p seal.Presentation
		require.NoError(t, c.Sealer.Open(shown.Presentation, &p))
		require.Equal(t, kept, p.Requested, requested)
		require.Len(t, p.Nonce, 22)
	}
	require.Positive(t, c.watch.all()[shop+":notice"])
	newer, err := newCatalogue(loan)
	require.NoError(t, err)
	c.Notices = newer
	_, err = c.View(t.Context(), shop, opening, "", "", page)
	require.Equal(t, wire.UnknownPurpose, codeOf(t, err), "a purpose without a notice")
}

// A session ends with its last moment, without the leeway that sealed values have: no
// picture is to be had either.
func TestASessionEndsWhenItSaid(t *testing.T) {
	c := newCore(t)
	begun := c.begin(t)
	require.Equal(t, connect.Stamp(c.clock.Now().Add(sessionLife)), begun.ExpiresAt)
	require.Equal(t, 600, begun.ExpiresIn)
	c.clock.Move(sessionLife - time.Second/2)
	reloaded, err := c.reload(t, begun.Session)
	require.NoError(t, err)
	require.Equal(t, begun.ExpiresAt, reloaded.ExpiresAt, "a new picture does not move the end")
	require.Zero(t, reloaded.ExpiresIn, "whole seconds")
	c.clock.Move(time.Second / 2)
	for _, session := range []string{begun.Session, reloaded.Session} {
		reply, err := c.answer(t, session)
		require.NoError(t, err)
		require.Equal(t, connect.Stamp(c.clock.Now().Add(5*time.Minute)), reply.ExpiresAt)
		require.Equal(t, 300, reply.ExpiresIn)
	}
	c.clock.Move(time.Millisecond)
	for _, session := range []string{begun.Session, reloaded.Session} {
		_, err := c.answer(t, session)
		requireRefusal(t, wire.SessionExpired, &begun.Consent, err)
		_, err = c.reload(t, session)
		requireRefusal(t, wire.SessionExpired, &begun.Consent, err)
	}
}

// The test key's tokens are born expired, and told as good ones.
func TestTheTestKeysTokensAreBornExpired(t *testing.T) {
	c := newCore(t)
	c.sites[shop].TokenLife = -time.Hour
	reply, err := c.answer(t, c.begin(t).Session)
	require.NoError(t, err)
	require.Equal(t, 300, reply.ExpiresIn)
	code, err := c.redeeming(t, connect.Redeem{Secret: secretOf(shop), Response: reply.Token})
	require.NoError(t, err)
	require.Equal(t, connect.ExpiredResponse, code)
}

// White space at both ends of an answer is no part of it; the rest is left alone.
func TestAnAnswerIsTrimmedAndOtherwiseLeftAlone(t *testing.T) {
	c := newCore(t)
	session := c.begin(t).Session
	for sent, kept := range map[string]string{"x7 Kp2": "x7 Kp2", " \t\u00a0aB \u2028": "aB", "<&\"'\\>": "<&\"'\\>"} {
		reply, err := c.Answer(t.Context(), &wire.AnswerRequest{Session: session, Answer: sent}, page)
		require.NoError(t, err)
		var token seal.Token
		require.NoError(t, c.Sealer.Open(reply.Token, &token))
		require.Equal(t, kept, token.Answer)
	}
}

// A record says who decided what, on which page, of which notice.
func TestWhatADecisionIsRecordedAs(t *testing.T) {
	c := newCore(t)
	for _, row := range []struct {
		change func(*wire.Decision)
		want   []string
	}{
		{func(*wire.Decision) {}, []string{`"entity":"self"`, `"channel":"widget"`, `"language":"en"`, `"requested_language":"en"`, `"subject_source":"page"`, `"account":"main"`, `"origin":"https://shop.example"`}},
		{func(d *wire.Decision) { d.Actor = wire.Guardian }, []string{`"entity":"guardian"`}},
		{func(d *wire.Decision) { d.Client = &wire.Client{Channel: "hosted", Version: "1.2", Build: "abc"} }, []string{`"channel":"hosted"`, `"client_version":"1.2"`, `"client_build":"abc"`}},
		{func(d *wire.Decision) { d.Client = &wire.Client{Version: "1.2"} }, []string{`"channel":"widget"`}},
	} {
		begun, err := c.Begin(t.Context(), c.decision(t, row.change), page)
		require.NoError(t, err)
		record, err := c.other.Record(t.Context(), begun.Consent.ID)
		require.NoError(t, err)
		for _, want := range row.want {
			require.Contains(t, string(record.Body), want)
		}
		require.Equal(t, consent.Given, record.Kind)
	}
}
