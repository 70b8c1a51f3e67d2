//go:build js && wasm

package wire

import "syscall/js"

var (
	isArray = js.Global().Get("Array").Get("isArray")
	create  = js.Global().Get("Object").Get("create")
	own     = js.Global().Get("Reflect").Get("getOwnPropertyDescriptor")
)

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
	// Not what a page may have added to the members of every object.
	descriptor := own.Invoke(o.value, name)
	if descriptor.IsUndefined() {
		return v, false
	}
	v = descriptor.Get("value")
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

// DecodeReply reads the parsed body of any success of the four POST routes; ok
// is false when a member is not of its type. Which members must be there depends
// on the route: see [Reply].
func DecodeReply(v js.Value) (r Reply, ok bool) {
	bad := false
	o := open(v, &bad)
	r.Consent, _ = o.consent()
	captcha, _ := o.object("captcha")
	r.Captcha = Captcha{MediaType: captcha.text("media_type"), Data: captcha.text("data")}
	r.Session, r.Token, r.ExpiresIn = o.text("session"), o.text("token"), o.whole("expires_in")
	return r, !bad
}

// DecodeProblem reads the parsed body of an error answer; ok is false when it is
// not one of the relay's.
func DecodeProblem(v js.Value) (p Problem, ok bool) {
	bad := false
	o := open(v, &bad)
	p.Code, p.Fault = Code(o.text("code")), Fault(o.text("fault"))
	p.Detail, p.Status, p.Retryable = o.text("detail"), o.whole("status"), o.truth("retryable")
	p.RequestID, p.RetryAfter = o.text("request_id"), o.whole("retry_after")
	if c, there := o.consent(); there {
		p.Consent = &c
	}
	return p, !bad && p.Code != ""
}

// members makes an object of the members that are not empty: names and values
// come in turn.
func members(pairs ...string) js.Value {
	o := create.Invoke(js.Null())
	for i := 1; i < len(pairs); i += 2 {
		if pairs[i] != "" {
			o.Set(pairs[i-1], pairs[i])
		}
	}
	return o
}

// Encode is the body of POST /v1/declines and, without an alternative, of POST
// /v1/sessions, ready for JSON.stringify.
func (d *DeclineRequest) Encode() js.Value {
	o := members("sitekey", d.Sitekey, "purpose", d.Purpose, "presentation", d.Presentation,
		"notice_sha256", d.NoticeSHA256, "idempotency_key", d.IdempotencyKey,
		"ticket", d.Ticket, "subject", d.Subject, "actor", string(d.Actor), "alternative", d.Alternative)
	if c := d.Client; c != nil {
		o.Set("client", members("channel", c.Channel, "version", c.Version, "build", c.Build))
	}
	return o
}

// EncodeSession is the body of POST /v1/captchas and, with an answer, of POST
// /v1/answers.
func EncodeSession(session, answer string) js.Value {
	return members("session", session, "answer", answer)
}
