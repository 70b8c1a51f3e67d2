package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"
)

var (
	noticeBudget  = budget{"readable notice, slow 4G and 4 × CPU, against the sooner of ALTCHA's and Cap's widget", "preloaded ≤ 1.05 ×, a fragment ≤ 0.6 ×"}
	distantBudget = budget{"the same over TLS with a real delay, all scripts from hosts of their own", "preloaded ≤ 1.05 ×, a fragment ≤ 0.6 ×"}
	pressBudget   = budget{"press → picture on the slow line, after 0, 3 and 8 s of reading", "≤ 3.3 s, ≤ 0.75 s, ≤ 0.72 s"}
	hostBudget    = budget{"host page: layout shift, longest task, blocking time at 4 × CPU", "0, ≤ 50 ms, ≤ 200 ms"}
)

// reading is how long the notice is read before the press.
var reading = []time.Duration{0, 3 * time.Second, 8 * time.Second}

// shown is what the rounds brought of one widget, in ms.
type shown struct {
	widget
	cold, warm, blocking, shift samples
	distant                     samples // cold, behind a line of real connections
}

// measurePage loads a form with each widget in Chromium, on slow lines and a slow
// processor, in turn.
func measurePage(ctx context.Context, l *lab, s *section) error {
	p, err := l.start(ctx, l.relay, "serve", "--sandbox", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer p.stop()
	near, distant, err := l.sites(ctx, p.URL)
	if err != nil {
		return err
	}
	browser, stop, err := openBrowser(ctx)
	if err != nil {
		return err
	}
	defer stop()
	var all []*shown
	for _, w := range compared {
		all = append(all, &shown{widget: w})
	}
	var longest samples
	pressed := make([]samples, len(reading))
	for round := range l.rounds() {
		l.say("page: round %d", round+1)
		for _, w := range all {
			cold, warm, err := browser.visit(ctx, near+w.path, slow)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			w.cold, w.warm = append(w.cold, cold.Shown), append(w.warm, warm.Shown)
			w.blocking, w.shift = append(w.blocking, cold.blocking()), append(w.shift, cold.Shift)
			far, _, err := browser.visit(ctx, distant+w.path, slowProcessor)
			if err != nil {
				return fmt.Errorf("%s behind the line: %w", w.name, err)
			}
			w.distant = append(w.distant, far.Shown)
		}
		for i, wait := range reading {
			one, _, err := browser.visit(ctx, fmt.Sprintf("%s%s?press=%d", near, ours.path, wait.Milliseconds()), slow)
			if err != nil {
				return fmt.Errorf("pressed after %v: %w", wait, err)
			}
			pressed[i] = append(pressed[i], one.Picture-one.Pressed)
		}
		fast, _, err := browser.visit(ctx, near+ours.path+"?press=0", unslowed)
		if err != nil {
			return err
		}
		longest = append(longest, fast.longest())
	}
	tellPage(s, all, pressed, longest)
	return l.lighthouse(ctx, s, near)
}

// sites serve the pages: as they are, and behind a line of real connections.
func (l *lab) sites(ctx context.Context, relay string) (near, distant string, err error) {
	if err := l.packages(ctx); err != nil {
		return "", "", err
	}
	files := http.NewServeMux()
	if err := l.rivals(files); err != nil {
		return "", "", err
	}
	painted, err := fragment(ctx, relay)
	if err != nil {
		return "", "", err
	}
	site := func(at hosts) (http.Handler, error) {
		forms, err := pages(at, painted)
		whole := http.NewServeMux()
		whole.Handle("/files/", files)
		whole.Handle("/", forms)
		return whole, err
	}
	apart := httptest.NewServer(files)
	l.atEnd(apart.Close)
	here, err := site(hosts{relay, apart.URL})
	if err != nil {
		return "", "", err
	}
	server := httptest.NewServer(here)
	l.atEnd(server.Close)

	way := mobile()
	front, err := passOn(relay)
	if err != nil {
		return "", "", err
	}
	var at hosts
	for base, handler := range map[*string]http.Handler{&at.relay: front, &at.apart: files} {
		var end func()
		if *base, end, err = way.behind(handler); err != nil {
			return "", "", err
		}
		l.atEnd(end)
	}
	there, err := site(at)
	if err != nil {
		return "", "", err
	}
	distant, end, err := way.behind(there)
	if err != nil {
		return "", "", err
	}
	l.atEnd(end)
	return server.URL, distant, nil
}

func tellPage(s *section, all []*shown, pressed []samples, longest samples) {
	rows := [][]string{{"ms from the start of the navigation", "shown, cold", "shown, warm cache", "shown over TLS with a real delay, cold", "blocking time, cold", "layout shift"}}
	for _, w := range all {
		rows = append(rows, []string{w.name, w.cold.text("%.0f"), w.warm.text("%.0f"), w.distant.text("%.0f"), w.blocking.text("%.0f"), w.shift.text("%.3f")})
	}
	s.line("One page with a form, in Chromium by CDP, with a processor 4 times slower; each widget alone, from the same machine, brotli for all. Two lines: slow 4G as Chromium's developer tools have it (562 ms, 1.4 Mbit/s down), which knows no connections; and real ones over TLS and HTTP/2, 150 ms there and back, 1.6 Mbit/s for all together, where each further host costs a connection. Shown is: our notice with its buttons, their box to tick. The page has the documented rule that keeps the widget's place. ALTCHA and Cap have no picture; they then compute for some time, which is not measured here.")
	s.table(rows...)
	our, early, painted := all[0], all[1], all[2]
	tell := func(b budget, of func(*shown) samples, rivals ...*shown) {
		other := rivals[0]
		for _, rival := range rivals[1:] {
			if of(rival).median() < of(other).median() {
				other = rival
			}
		}
		plain, preloaded, inPage := of(our).over(of(other)), of(early).over(of(other)), of(painted).over(of(other))
		s.judge(b, preloaded.median() <= 1.05 && inPage.median() <= 0.6, "preloaded %s × %s, a fragment %s ×, neither %s ×", preloaded.text("%.2f"), other.name, inPage.text("%.2f"), plain.text("%.2f"))
	}
	tell(noticeBudget, func(w *shown) samples { return w.cold }, all[3], all[4])
	tell(distantBudget, func(w *shown) samples { return w.distant }, all[5], all[6])
	limits, met, words := []float64{3300, 750, 720}, true, ""
	for i, took := range pressed {
		met = met && took.median() <= limits[i]
		if i > 0 {
			words += ", "
		}
		words += took.scaled(0.001).text("%.2f") + " s"
	}
	s.judge(pressBudget, met, "%s", words)
	s.judge(hostBudget, our.shift.median() == 0 && longest.median() <= 50 && our.blocking.median() <= 200,
		"%s, %s ms, %s ms", our.shift.text("%.3f"), longest.text("%.0f"), our.blocking.text("%.0f"))
	s.line("Longest task without slowing anything down, from the navigation to the picture: %s ms (0: none over 50 ms).", longest.text("%.0f"))
}
