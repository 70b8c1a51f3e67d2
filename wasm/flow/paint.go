package flow

func (f *Flow) repaint() {
	f.paint++
	f.painted = false
	f.do(Paint{Seq: f.paint, Lang: f.lang})
}

func (f *Flow) paintedNow(e Painted) {
	if e.Seq != f.paint || f.painted {
		return
	}
	f.painted, f.stale, f.shown = true, false, f.lang
	if f.state == Loading {
		if f.screen.Wanted != "" {
			f.alert(f.screen.Wanted)
			f.screen.Wanted = ""
		}
		f.enter(Enter{State: Notice})
		f.do(Focus{Calm: f.calm}) // the words under it are new
	}
	f.settleLanguages("")
}

// unpainted: what is shown stays. Only where the notice shown may not be agreed
// to any more is it an error of the widget.
func (f *Flow) unpainted(e Unpainted) {
	if e.Seq != f.paint || f.painted {
		return
	}
	f.painted, f.lang = true, f.shown
	if f.state == Loading {
		f.last = Post{}
		f.stop(e.Problem)
	} else {
		f.alert(string(e.Problem.Code))
		f.emit(Emit{Type: EventError, Problem: e.Problem})
	}
	f.settleLanguages(e.Problem.Code)
}

func (f *Flow) language(e Language) {
	if e.Call != 0 {
		f.languages = append(f.languages, e.Call)
	}
	f.lang = e.Lang
	f.repaint()
}
