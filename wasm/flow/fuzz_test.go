package flow_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/wasm/flow"
	"ekycconnect/wasm/wire"
)

// FuzzFlow plays any sequence of events, two bytes each: what happens, and how.
// Whatever happens, nothing is asked of the vendor without the person's own
// press, and no token is shown that the relay did not give.
func FuzzFlow(f *testing.F) {
	// The straight way, a new picture, both refusals, waiting, the page's retry.
	f.Add([]byte{1, 0, 2, 1, 4, 0, 1, 4, 2, 4})
	f.Add([]byte{1, 0, 2, 1, 4, 0, 1, 3, 2, 3, 4, 0, 1, 4, 2, 4, 10, 1, 2, 3, 4, 0})
	f.Add([]byte{1, 1, 2, 2, 1, 6, 1, 2, 3, 0, 8, 3, 2, 2})
	f.Add([]byte{1, 0, 3, 25, 8, 2, 2, 1, 5, 0, 1, 6, 2, 3, 4, 0})
	f.Add([]byte{0, 1, 2, 3, 4, 0, 12, 0, 6, 0, 9, 1, 7, 1, 11, 0, 13, 0})
	codes := append(wire.Codes(), "of-a-newer-relay")
	parts := []flow.Part{flow.Agree, flow.Decline, flow.Alternative, flow.Reload, flow.Submit, flow.CannotRead, flow.Again, "heading"}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 400 {
			script = script[:400]
		}
		w := &witness{t: t, agreed: map[string]bool{}, refused: map[string]bool{}, sessions: map[string]bool{}, wakes: map[flow.Timer]int{}}
		machine := flow.New("pk_live_a")
		for i := 0; i+1 < len(script); i += 2 {
			kind, how := flow.Kind(script[i]%14), int(script[i+1])
			e := flow.Event{Kind: kind, Seq: w.seq}
			if how >= 240 {
				e.Seq -= 1 + how%3 // a late one
			}
			switch kind {
			case flow.Bound, flow.Retry:
				if how%2 == 1 {
					e.Session = fmt.Sprintf("from-page-%d", i)
					w.sessions[e.Session] = true
				}
				e.Call = how % 3
			case flow.Press:
				e.Part, e.Trusted, e.Typed = parts[how%8], how < 200, "abc"[:how%4]
				e.Decision = decision(fmt.Sprintf("%032d", i)[:32])
				e.Decision.IdempotencyKey = "k" + fmt.Sprintf("%015d", i)
				if e.Trusted && machine.State() == flow.Notice {
					switch e.Part {
					case flow.Agree:
						w.agreed[e.Decision.IdempotencyKey] = true
					case flow.Decline, flow.Alternative:
						w.refused[e.Decision.IdempotencyKey] = true
					}
				}
			case flow.Replied:
				if how%5 != 0 { // else a body of something else
					e.Reply = wire.Reply{Captcha: jpeg, ExpiresIn: how - 5}
					if how%5 != 4 {
						e.Reply.Session = fmt.Sprintf("session-%d", i)
					}
					if how%5 != 3 {
						e.Reply.Consent.ID = fmt.Sprintf("consent-%d", i%6)
					}
					if how%5 == 4 {
						e.Reply.Token = fmt.Sprintf("token-%d", i)
					}
				}
				if e.Seq == w.seq {
					w.sessions[e.Reply.Session] = e.Reply.Session != ""
					w.token = e.Reply.Token
				}
			case flow.Failed, flow.Unpainted:
				e.Problem = problem(codes[how%len(codes)], how%70)
				if how%4 == 0 {
					e.Problem.Consent = &wire.Consent{ID: fmt.Sprintf("consent-%d", i%6)}
				}
				if kind == flow.Unpainted {
					e.Seq = w.paint
				}
			case flow.Painted:
				e.Seq = w.paint - how%2
			case flow.Elapsed:
				e.Timer = flow.Timer(how%(int(flow.Timers)+2)) - 1
				e.Seq = w.wakes[e.Timer] - how/128
			case flow.Language:
				e.Lang, e.Call = "hi", how%3
			case flow.Replaced:
				e.Sitekey = "pk_live_b"
			}
			w.watch(&e, machine, machine.Handle(&e))
		}
	})
}

type witness struct {
	t                         *testing.T
	agreed, refused, sessions map[string]bool
	wakes                     map[flow.Timer]int
	seq, paint                int
	route                     flow.Route
	token                     string
}

func (w *witness) watch(e *flow.Event, machine *flow.Flow, effects []flow.Effect) {
	t := w.t
	before := w.seq
	for _, effect := range effects {
		switch effect.Do {
		case flow.Post:
			r := effect.Request
			require.Greater(t, effect.Seq, w.seq, "numbers grow")
			w.seq, w.route = effect.Seq, r.Route
			switch r.Route {
			case flow.Sessions:
				require.True(t, w.agreed[r.Decision.IdempotencyKey], "a session without agreement")
			case flow.Declines:
				require.True(t, w.refused[r.Decision.IdempotencyKey], "a refusal without a press")
			case flow.Captchas, flow.Answers:
				require.True(t, w.sessions[r.Session], "%s without a session", r.Route)
				require.Equal(t, r.Route == flow.Answers, r.Answer != "")
			}
		case flow.Draw:
			require.Equal(t, flow.Replied, e.Kind)
			require.Equal(t, before, effect.Seq)
		case flow.Paint:
			require.Greater(t, effect.Seq, w.paint)
			w.paint = effect.Seq
		case flow.Wake:
			w.wakes[effect.Timer] = effect.Seq
		case flow.Enter:
			if effect.State == flow.Done {
				require.Equal(t, flow.Replied, e.Kind)
				require.Equal(t, before, e.Seq, "a late token")
				require.Equal(t, flow.Answers, w.route)
				require.NotEmpty(t, effect.Token)
				require.Equal(t, w.token, effect.Token)
			}
			require.Equal(t, effect.State == flow.Done, effect.Token != "")
		case flow.Emit:
			if effect.Event == flow.EventConsent {
				require.NotEmpty(t, effect.Consent.ID)
			}
		case flow.Settle:
			require.NotZero(t, effect.Call, "nobody waits")
		}
	}
	screen := machine.Screen()
	require.Contains(t, []string{"notice", "captcha", "done", "declined", "error"}, screen.Panel)
	switch machine.State() {
	case flow.Starting, flow.Waiting, flow.Answering, flow.Loading:
		require.True(t, screen.Locked)
	case flow.Captcha:
		require.NotEmpty(t, machine.Session())
	}
}
