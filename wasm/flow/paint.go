package flow

import "ekycconnect/wasm/wire"

func (f *Flow) repaint() {
	f.paint++
	f.painted = false
	f.do(Paint, Effect{Seq: f.paint, Lang: f.lang})
}

func (f *Flow) paintedNow() {
	f.painted, f.stale, f.shown = true, false, f.lang
	if f.state == Loading {
		if f.screen.Wanted != "" {
			f.alert(f.screen.Wanted)
			f.screen.Wanted = ""
		}
		f.enter(Effect{State: Notice})
		f.do(Focus, Effect{Calm: f.calm}) // the words under it are new
	}
	f.settleLanguages("")
}

// unpainted: what is shown stays. Only where the notice shown may not be agreed
// to any more is it an error of the widget.
func (f *Flow) unpainted(p wire.Problem) {
	f.painted, f.lang = true, f.shown
	if f.state == Loading {
		f.last = Request{}
		f.stop(p)
	} else {
		f.alert(string(p.Code))
		f.do(Emit, Effect{Event: EventError, Problem: p})
	}
	f.settleLanguages(p.Code)
}

func (f *Flow) language(e *Event) {
	if e.Call != 0 {
		f.languages = append(f.languages, e.Call)
	}
	f.lang = e.Lang
	f.repaint()
}
