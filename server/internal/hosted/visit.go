package hosted

import (
	"net/http"
	"net/url"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/notice"
	"ekycconnect/server/internal/seal"
	"ekycconnect/wasm/wire"
)

// visit is one person's way so far. Every form carries it on.
type visit struct {
	seal.Hosted
	presentation, ticket, session string // sealed values of their own

	notice *notice.Notice // in its language; of what was agreed to, or else its successor
}

// resume finds the visit that a form carries. A visit whose time is over is found
// too, with a refusal.
func (p *Pages) resume(form url.Values) (*visit, *connect.Error) {
	v := &visit{presentation: form.Get("presentation"), ticket: form.Get("ticket"), session: form.Get("session")}
	opened := p.core.Sealer.Open(form.Get("hosted"), &v.Hosted)
	if opened != nil && opened != seal.ErrExpired {
		return nil, &connect.Error{Code: wire.SessionInvalid, Detail: "the form's hosted field does not open; start again"}
	}
	var ok bool
	if v.notice, ok = p.core.Notices.Current(v.Purpose, v.NoticeSHA256); !ok {
		if v.notice, ok = p.core.Notices.Pick(v.Purpose, v.Lang, ""); !ok {
			return nil, &connect.Error{Code: wire.UnknownPurpose, Detail: "the purpose is no longer configured"}
		}
	}
	if opened != nil {
		return v, &connect.Error{Code: wire.SessionExpired, Detail: "the form is too old; start again"}
	}
	// The configuration may have changed since: nothing is sent to where it must not.
	if err := p.core.Returns(v.Site, v.Return); err != nil {
		return v, refusal(err)
	}
	return v, nil
}

// decision is what the press on one of the two buttons stands for.
func (p *Pages) decision(v *visit) wire.Decision {
	return wire.Decision{
		Sitekey: v.Site, Purpose: v.Purpose, Presentation: v.presentation, NoticeSHA256: v.NoticeSHA256,
		IdempotencyKey: v.Key, Ticket: v.ticket, Subject: v.Subject,
		Client: &wire.Client{Channel: "hosted", Version: p.version},
	}
}

// fields are the hidden fields that carry v on, sealed anew so that the visit
// lasts from page to page.
func (p *Pages) fields(v *visit) ([]field, error) {
	sealed, err := p.core.Sealer.Seal(&v.Hosted, p.core.Lifetimes.Presentation)
	if err != nil {
		return nil, &connect.Error{Code: wire.Internal, Detail: "the visit could not be sealed", Cause: err}
	}
	return filled(field{"hosted", sealed}, field{"presentation", v.presentation}, field{"ticket", v.ticket}, field{"session", v.session}), nil
}

// query are the fields of a form that begins anew at the notice.
func (v *visit) query() []field {
	return filled(field{"sitekey", v.Site}, field{"purpose", v.Purpose}, field{"ticket", v.ticket}, field{"subject", v.Subject},
		field{"origin", v.Origin}, field{"return", v.Return}, field{"state", v.State})
}

// field is a hidden field of a form.
type field struct{ Name, Value string }

func filled(all ...field) (some []field) {
	for _, f := range all {
		if f.Value != "" {
			some = append(some, f)
		}
	}
	return some
}

// readForm takes a form's fields, each at most once.
func readForm(w http.ResponseWriter, r *http.Request) (form url.Values, refused *connect.Error, status int) {
	if media := r.Header.Values("Content-Type"); len(media) != 1 || media[0] != "application/x-www-form-urlencoded" {
		return nil, invalid("content type must be application/x-www-form-urlencoded"), http.StatusUnsupportedMediaType
	}
	r.Body = http.MaxBytesReader(w, r.Body, wire.MaxBody)
	if err := r.ParseForm(); err != nil {
		if _, tooLarge := err.(*http.MaxBytesError); tooLarge {
			return nil, &connect.Error{Code: wire.BodyTooLarge, Detail: "the form is over 16384 bytes"}, 0
		}
		return nil, invalid("the form does not parse"), 0
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return nil, invalid("the form has " + name[:min(len(name), 16)] + " more than once"), 0
		}
	}
	return r.PostForm, nil, 0
}
