package main

import (
	"context"
	"fmt"
)

var (
	noticeBudget = budget{"readable notice, slow 4G and 4 × CPU, against ALTCHA's and Cap's widget", "≤ 0.7 × the sooner of the two"}
	hostBudget   = budget{"host page: layout shift, longest task, blocking time at 4 × CPU", "0, ≤ 50 ms, ≤ 200 ms"}
)

// shown is what the rounds brought of one widget, in ms.
type shown struct {
	widget
	cold, warm, captcha, blocking, shift samples
}

// measurePage loads a form with each widget in Chromium, on a slow line and a slow
// processor, in turn.
func measurePage(ctx context.Context, l *lab, s *section) error {
	p, err := l.start(ctx, l.relay, "serve", "--sandbox", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer p.stop()
	if err := l.packages(ctx); err != nil {
		return err
	}
	site, err := newSite(l, p.URL)
	if err != nil {
		return err
	}
	defer site.Close()
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
	for round := range l.rounds() {
		l.say("page: round %d", round+1)
		for _, w := range all {
			cold, warm, err := browser.visit(ctx, site.URL+w.path, slow)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			w.cold, w.warm = append(w.cold, cold.Shown), append(w.warm, warm.Shown)
			w.captcha, w.blocking, w.shift = append(w.captcha, cold.Captcha), append(w.blocking, cold.blocking()), append(w.shift, cold.Shift)
		}
		fast, _, err := browser.visit(ctx, site.URL+ours.path, unslowed)
		if err != nil {
			return err
		}
		longest = append(longest, fast.longest())
	}
	tellPage(s, all, longest)
	return l.lighthouse(ctx, s, site.URL)
}

func tellPage(s *section, all []*shown, longest samples) {
	rows := [][]string{{"ms from the start of the navigation", "shown, cold", "shown, warm cache", "picture to answer, agreed at once, cold", "blocking time, cold", "layout shift"}}
	for _, w := range all {
		picture := "–"
		if w.captcha.median() > 0 {
			picture = w.captcha.text("%.0f")
		}
		rows = append(rows, []string{w.name, w.cold.text("%.0f"), w.warm.text("%.0f"), picture, w.blocking.text("%.0f"), w.shift.text("%.3f")})
	}
	s.line("One page with a form, in Chromium by CDP: slow 4G as its developer tools have it (562 ms, 1.4 Mbit/s down), a processor 4 times slower; each widget alone, from the same machine, brotli for all. Shown is: our notice with its buttons, their box to tick. The page has the documented rule that keeps the widget's place. ALTCHA and Cap have no picture; they then compute for some time, which is not measured here.")
	s.table(rows...)
	our, early, other := all[0], all[1], all[2]
	if all[3].cold.median() < other.cold.median() {
		other = all[3]
	}
	ratio, ahead := our.cold.over(other.cold), early.cold.over(other.cold)
	s.judge(noticeBudget, min(ratio.median(), ahead.median()) <= 0.7, "%s × %s, the view preloaded %s ×; warm %s ×", ratio.text("%.2f"), other.name, ahead.text("%.2f"), our.warm.over(other.warm).text("%.2f"))
	s.line("A page and the script that it names are two requests one after the other, %.0f ms on this line before a byte has come; 0.7 × %s is %.0f ms. Our notice is a third request, or with `<link rel=\"preload\">` in the page one beside the script ([widget.md](widget.md)).", 2*slow.latency, other.name, 0.7*other.cold.median())
	s.judge(hostBudget, our.shift.median() == 0 && longest.median() <= 50 && our.blocking.median() <= 200,
		"%s, %s ms, %s ms", our.shift.text("%.3f"), longest.text("%.0f"), our.blocking.text("%.0f"))
	s.line("Longest task without slowing anything down, from the navigation to the picture: %s ms (0: none over 50 ms).", longest.text("%.0f"))
}
