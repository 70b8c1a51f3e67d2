//go:build alerts

package deploy_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The intervals of this run. An operator's are 15 s: add two of them, at most, to what is
// measured here.
const ringInterval = "1s"

// How soon a real Prometheus rings about a real relay, from the cause on.
func TestHowSoonAlertsRing(t *testing.T) {
	var table strings.Builder
	table.WriteString("| Alert | Cause | Seconds until it rings |\n|---|---|---|\n")
	lines := make([]string, len(causes))
	t.Run("causes", func(t *testing.T) {
		for i, c := range causes {
			t.Run(c.alert, func(t *testing.T) {
				t.Parallel()
				l := startLab(t, c.replace...)
				at := prometheus(t, l.at.Admin.Addr().String(), ringInterval)
				require.Eventually(t, func() bool { return len(query(t, at, `ekyc_ready offset 3s == 1`)) == 1 }, time.Minute, 100*time.Millisecond)
				begin, n := time.Now(), 0
				next := begin
				for !firing(t, at)[c.alert] {
					if n == 0 || c.every > 0 && time.Now().After(next) {
						n++
						next = next.Add(c.every)
						c.do(t, l, n)
						continue
					}
					require.Less(t, time.Since(begin), 8*time.Minute)
					time.Sleep(50 * time.Millisecond)
				}
				lines[i] = fmt.Sprintf("| %s | %s | %.0f |\n", c.alert, c.what, time.Since(begin).Seconds())
				t.Log(lines[i])
			})
		}
	})
	for _, line := range lines {
		table.WriteString(line)
	}
	fmt.Fprint(os.Stdout, table.String())
}

// firing are the names of the alerts that ring.
func firing(t *testing.T, address string) map[string]bool {
	names := map[string]bool{}
	for _, alert := range query(t, address, `ALERTS{alertstate="firing"}`) {
		names[alert["alertname"]] = true
	}
	return names
}
