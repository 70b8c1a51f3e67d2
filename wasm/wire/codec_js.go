//go:build js && wasm

package wire

import "syscall/js"

var isArray = js.Global().Get("Array").Get("isArray")

// object is a JSON object that the browser has parsed. A member that is
// missing or null is its zero value, as for the relay's decoder; one of another
// type spoils the whole object.
type object struct {
	value js.Value
	bad   *bool
}

func open(v js.Value, bad *bool) object {
	if v.Type() != js.TypeObject || isArray.Invoke(v).Bool() {
		*bad = true
		v = js.Null()
	}
	return object{v, bad}
}

func (o object) member(name string, want js.Type) (v js.Value, there bool) {
	if o.value.IsNull() {
		return v, false
	}
	v = o.value.Get(name)
	switch v.Type() {
	case want:
		return v, true
	case js.TypeUndefined, js.TypeNull:
	default:
		*o.bad = true
	}
	return v, false
}

func (o object) text(name string) string {
	if v, there := o.member(name, js.TypeString); there {
		return v.String()
	}
	return ""
}

func (o object) truth(name string) bool {
	v, there := o.member(name, js.TypeBoolean)
	return there && v.Bool()
}

// whole is a member that is an integer, within 32 bits so that nothing
// overflows on the way to a timer.
func (o object) whole(name string) int {
	v, there := o.member(name, js.TypeNumber)
	if !there {
		return 0
	}
	f := v.Float()
	if !(f >= -1<<31 && f < 1<<31) || f != float64(int(f)) {
		*o.bad = true
		return 0
	}
	return int(f)
}

func (o object) object(name string) (inner object, there bool) {
	v, there := o.member(name, js.TypeObject)
	if !there {
		return object{js.Null(), o.bad}, false
	}
	return open(v, o.bad), true
}

func (o object) consent() (c Consent, there bool) {
	inner, there := o.object("consent")
	return Consent{ID: inner.text("id"), GivenAt: inner.text("given_at"), ReceiptURL: inner.text("receipt_url")}, there
}

func (o object) captcha() Captcha {
	inner, _ := o.object("captcha")
	return Captcha{MediaType: inner.text("media_type"), Data: inner.text("data")}
}

// DecodeSessionReply reads the parsed body of POST /v1/sessions; ok is false
// when it is not one.
func DecodeSessionReply(v js.Value) (r SessionReply, ok bool) {
	bad := false
	o := open(v, &bad)
	r.Consent, _ = o.consent()
	r.Session, r.Captcha = o.text("session"), o.captcha()
	r.ExpiresAt, r.ExpiresIn = o.text("expires_at"), o.whole("expires_in")
	return r, !bad && r.Complete()
}

// DecodeDeclineReply is [DecodeSessionReply] for POST /v1/declines.
func DecodeDeclineReply(v js.Value) (r DeclineReply, ok bool) {
	bad := false
	r.Consent, _ = open(v, &bad).consent()
	return r, !bad && r.Complete()
}

// DecodeCaptchaReply is [DecodeSessionReply] for POST /v1/captchas.
func DecodeCaptchaReply(v js.Value) (r CaptchaReply, ok bool) {
	bad := false
	o := open(v, &bad)
	r.Session, r.Captcha = o.text("session"), o.captcha()
	r.ExpiresAt, r.ExpiresIn = o.text("expires_at"), o.whole("expires_in")
	return r, !bad && r.Complete()
}

// DecodeAnswerReply is [DecodeSessionReply] for POST /v1/answers.
func DecodeAnswerReply(v js.Value) (r AnswerReply, ok bool) {
	bad := false
	o := open(v, &bad)
	r.Token = o.text("token")
	r.ExpiresAt, r.ExpiresIn = o.text("expires_at"), o.whole("expires_in")
	return r, !bad && r.Complete()
}

// DecodeProblem reads the parsed body of an error answer.
func DecodeProblem(v js.Value) (p Problem, ok bool) {
	bad := false
	o := open(v, &bad)
	p.Type, p.Title, p.Detail = o.text("type"), o.text("title"), o.text("detail")
	p.Code, p.Fault = Code(o.text("code")), Fault(o.text("fault"))
	p.Status, p.Retryable = o.whole("status"), o.truth("retryable")
	p.RequestID, p.RetryAfter = o.text("request_id"), o.whole("retry_after")
	if c, there := o.consent(); there {
		p.Consent = &c
	}
	return p, !bad && p.Complete()
}

func put(o map[string]any, name, value string) {
	if value != "" {
		o[name] = value
	}
}

// Encode is the request's body, ready for js.ValueOf and JSON.stringify.
func (d *Decision) Encode() map[string]any {
	o := map[string]any{
		"sitekey": d.Sitekey, "purpose": d.Purpose, "presentation": d.Presentation,
		"notice_sha256": d.NoticeSHA256, "idempotency_key": d.IdempotencyKey,
	}
	put(o, "ticket", d.Ticket)
	put(o, "subject", d.Subject)
	put(o, "actor", string(d.Actor))
	if d.Client != nil {
		client := map[string]any{}
		put(client, "channel", d.Client.Channel)
		put(client, "version", d.Client.Version)
		put(client, "build", d.Client.Build)
		o["client"] = client
	}
	return o
}

// Encode is [Decision.Encode] with the member that only a decline has.
func (d *DeclineRequest) Encode() map[string]any {
	o := d.Decision.Encode()
	put(o, "alternative", d.Alternative)
	return o
}

// Encode is [Decision.Encode] for POST /v1/captchas.
func (r *CaptchaRequest) Encode() map[string]any { return map[string]any{"session": r.Session} }

// Encode is [Decision.Encode] for POST /v1/answers.
func (r *AnswerRequest) Encode() map[string]any {
	return map[string]any{"session": r.Session, "answer": r.Answer}
}
