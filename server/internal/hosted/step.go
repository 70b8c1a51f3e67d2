package hosted

import (
	"context"
	"net/http"
	"net/netip"

	"ekycconnect/server/internal/connect"
	"ekycconnect/wasm/wire"
)

// Post answers a form of the page: one step of the way. The error, if any, is the
// refusal that the page told, for log and metrics.
func (p *Pages) Post(w http.ResponseWriter, r *http.Request, from netip.Addr) error {
	if !p.Own(r) {
		return p.refuse(w, r, start{}, &connect.Error{Code: wire.OriginNotAllowed, Detail: "this form belongs to the relay's own page"})
	}
	form, refused, status := readForm(w, r)
	if refused != nil {
		return p.refuseStatus(w, r, start{}, refused, status)
	}
	v, refused := p.resume(form)
	switch {
	case v == nil:
		return p.refuse(w, r, start{}, refused)
	case refused != nil:
		return p.problem(w, v, refused, "")
	}
	visitor := connect.Visitor{Origin: v.Origin, Address: from}
	switch do := form.Get("do"); do {
	case "agree":
		return p.agree(r.Context(), w, v, visitor)
	case "decline", "alternative", "cannot-read":
		return p.decline(r.Context(), w, v, visitor, do)
	case "reload":
		return p.reload(r.Context(), w, v, visitor, "", http.StatusOK)
	case "answer":
		return p.answer(r.Context(), w, v, visitor, form.Get("answer"))
	}
	return p.problem(w, v, invalid("the form says nothing that can be done"), "")
}

// agree is the consent. Sent twice it is the same consent: the key is in the form.
func (p *Pages) agree(ctx context.Context, w http.ResponseWriter, v *visit, from connect.Visitor) error {
	d := wire.SessionRequest{Decision: p.decision(v)}
	if _, code := d.Invalid(); code != "" {
		return p.problem(w, v, &connect.Error{Code: code, Detail: "the form is not as the page made it"}, "")
	}
	begun, err := p.core.Begin(ctx, &d, from)
	if err != nil {
		return p.problem(w, v, err, "agree")
	}
	v.session, v.ConsentID = begun.Session, begun.Consent.ID
	return p.picture(w, http.StatusOK, v, begun.Captcha, "")
}

// decline records a refusal. Who has agreed before and leaves now has nothing more
// recorded.
func (p *Pages) decline(ctx context.Context, w http.ResponseWriter, v *visit, from connect.Visitor, how string) error {
	refused := v.ConsentID == ""
	if refused {
		d := wire.DeclineRequest{Decision: p.decision(v)}
		if how == "alternative" {
			d.Alternative = "other-id"
		}
		if _, code := d.Invalid(); code != "" {
			return p.problem(w, v, &connect.Error{Code: code, Detail: "the form is not as the page made it"}, "")
		}
		declined, err := p.core.Decline(ctx, &d, from)
		if err != nil {
			return p.problem(w, v, err, how)
		}
		v.ConsentID = declined.Consent.ID
	}
	return p.end(w, v, "panel-declined", ".declined", 0, func(out *view) { out.Refused = refused })
}

// reload shows a new picture, and beside it what was wrong with the last answer.
func (p *Pages) reload(ctx context.Context, w http.ResponseWriter, v *visit, from connect.Visitor, wrong string, status int) error {
	request := wire.CaptchaRequest{Session: v.session}
	if _, code := request.Invalid(); code != "" {
		return p.problem(w, v, &connect.Error{Code: code, Detail: "the form has no session"}, "")
	}
	fresh, err := p.core.Reload(ctx, &request, from)
	if err != nil {
		return p.problem(w, v, err, "reload")
	}
	v.session = fresh.Session
	return p.picture(w, status, v, fresh.Captcha, wrong)
}

// answer seals the letters into the token. Letters that cannot be right get a new
// picture: the last one is nowhere kept.
func (p *Pages) answer(ctx context.Context, w http.ResponseWriter, v *visit, from connect.Visitor, letters string) error {
	request := wire.AnswerRequest{Session: v.session, Answer: letters}
	if _, code := request.Invalid(); code != "" {
		return p.problem(w, v, &connect.Error{Code: code, Detail: "the form has no session"}, "")
	}
	token, err := p.core.Answer(ctx, &request, from)
	if err == nil {
		return p.end(w, v, "panel-done", token.Token, token.ExpiresIn)
	}
	if refused := refusal(err); refused.Code == wire.AnswerInvalid {
		l := p.words.In(v.notice.Ref.Lang)
		wrong := l.Said(wire.AnswerInvalid, v.notice.Controller)
		if wire.IsAadhaar(letters) {
			wrong = l.Said("answer-twelve-digits", v.notice.Controller)
		}
		return p.reload(ctx, w, v, from, wrong, refused.Code.Status())
	}
	return p.problem(w, v, err, "reload")
}
