package main

import (
	"context"
	"os/exec"
	"path/filepath"

	"github.com/go-json-experiment/json"
)

// lighthouse has Google's audit judge the page with the widget and without.
func (l *lab) lighthouse(ctx context.Context, s *section, site string) error {
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	figures := []string{"first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"}
	rows := [][]string{{"Lighthouse 12, mobile", "performance, of 100", "first paint, ms", "largest paint, ms", "blocking time, ms", "layout shift"}}
	pages := []widget{nothing, ours, within}
	took := make([][]samples, len(pages))
	for round := range l.rounds() {
		l.say("lighthouse: round %d", round+1)
		for i, w := range pages {
			text, err := output(ctx, "env", "CHROME_PATH="+chromium, "node", filepath.Join(l.node, "node_modules/lighthouse/cli/index.js"), site+w.path,
				"--quiet", "--output=json", "--only-categories=performance", "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage")
			if err != nil {
				return err
			}
			var report struct {
				Categories struct {
					Performance struct {
						Score float64 `json:"score"`
					} `json:"performance"`
				} `json:"categories"`
				Audits map[string]struct {
					Value float64 `json:"numericValue"`
				} `json:"audits"`
			}
			if err := json.Unmarshal([]byte(text), &report); err != nil {
				return err
			}
			if took[i] == nil {
				took[i] = make([]samples, 1+len(figures))
			}
			took[i][0] = append(took[i][0], 100*report.Categories.Performance.Score)
			for j, figure := range figures {
				took[i][1+j] = append(took[i][1+j], report.Audits[figure].Value)
			}
		}
	}
	for i, w := range pages {
		cells := []string{w.name}
		for j, figure := range took[i] {
			format := "%.0f"
			if j == len(figures) {
				format = "%.3f"
			}
			cells = append(cells, figure.text(format))
		}
		rows = append(rows, cells)
	}
	s.table(rows...)
	s.line("Lighthouse computes these from a visit without a slow line. To the largest paint, which is of our notice, it adds every request that had its answer by then, so the wasm too, although no paint waits for it ([0031](decisions/0031-the-program-comes-beside-the-view-whatever-lighthouse-computes.md)). What a person waits for is in the table before.")
	return nil
}
