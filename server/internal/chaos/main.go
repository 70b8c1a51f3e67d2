// Command chaos attacks a relay of its own with slow and many connections, and
// prints what became of its service meanwhile. The exit status is 1 if anybody
// waited longer than a second, or if descriptors or goroutines were left behind.
//
// The slow attacks are those of slowhttptest, a Debian package.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"

	"ekycconnect/server/internal/startline"
)

const (
	longest = time.Second      // that anybody may wait
	calm    = 45 * time.Second // after an attack: the longest of the relay's own timeouts, and some
)

func main() {
	program := flag.String("relay", "bin/relay", "the built relay")
	connections := flag.Int("connections", 1000, "of each attack")
	length := flag.Duration("length", 12*time.Second, "of each attack")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *program, *connections, *length); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, program string) (victim startline.Line, stop func(), err error) {
	cmd := exec.CommandContext(ctx, program, "serve", "--sandbox", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		return victim, nil, err
	}
	if err := cmd.Start(); err != nil {
		return victim, nil, err
	}
	if victim, err = startline.Read(out); err != nil {
		return victim, nil, fmt.Errorf("the relay did not start: %w", err)
	}
	return victim, func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }, nil
}

// attack is one row of the table.
type attack struct {
	name string
	run  func(ctx context.Context, v startline.Line) error
}

func attacks(connections int, length time.Duration) []attack {
	seconds := strconv.Itoa(int(length.Seconds()))
	slow := func(name, path string, args ...string) attack {
		return attack{name, func(ctx context.Context, v startline.Line) error {
			all := append(args, "-c", strconv.Itoa(connections), "-r", strconv.Itoa(connections/4), "-l", seconds, "-p", "3", "-u", v.URL+path)
			out, err := exec.CommandContext(ctx, "slowhttptest", all...).CombinedOutput()
			if err != nil {
				return fmt.Errorf("slowhttptest: %w: %.300s", err, out)
			}
			return nil
		}}
	}
	view := "/v1/view?sitekey=pk_test_pass&purpose=account-opening"
	return []attack{
		slow("slow headers (-H)", view, "-H", "-i", "1", "-x", "24"),
		slow("slow body (-B)", "/v1/sessions", "-B", "-i", "1", "-s", "8192", "-x", "10", "-t", "POST", "-f", "application/json"),
		slow("range (-R)", "/v1/ekyc-connect.js", "-R", "-a", "10", "-b", "3000", "-t", "HEAD"),
		slow("slow read (-X)", "/v1/ekyc-connect.js", "-X", "-w", "10", "-y", "20", "-n", "1", "-z", "32", "-k", "3"),
		{"silent connections", func(ctx context.Context, v startline.Line) error { return silent(ctx, v, 3*connections, length) }},
		{"requests cut off", func(ctx context.Context, v startline.Line) error { return cutOff(ctx, v, length) }},
	}
}

// silent opens connections and sends nothing.
func silent(ctx context.Context, v startline.Line, n int, length time.Duration) error {
	var all []net.Conn
	defer func() {
		for _, c := range all {
			_ = c.Close()
		}
	}()
	for range n {
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", strings.TrimPrefix(v.URL, "http://"))
		if err != nil {
			continue // refused is fine for an attacker
		}
		all = append(all, c)
	}
	select {
	case <-time.After(length):
	case <-ctx.Done():
	}
	return nil
}

// cutOff sends requests and leaves in their middle.
func cutOff(ctx context.Context, v startline.Line, length time.Duration) error {
	until := time.Now().Add(length)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for time.Now().Before(until) && ctx.Err() == nil {
				c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", strings.TrimPrefix(v.URL, "http://"))
				if err != nil {
					continue
				}
				_, _ = io.WriteString(c, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{\"sitekey\"")
				_ = c.Close()
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	all.Wait()
	return nil
}

func run(ctx context.Context, program string, connections int, length time.Duration) error {
	v, stop, err := start(ctx, program)
	if err != nil {
		return err
	}
	defer stop()
	for range 20 { // warm, so that the start is compared with nothing colder
		if _, err := probe(ctx, v); err != nil {
			return err
		}
	}
	before, err := measure(ctx, v)
	if err != nil {
		return err
	}
	fmt.Printf("%-22s %8s %8s %8s %9s %16s %18s\n", "attack", "probes", "failed", "worst", "calm in", "descriptors", "goroutines")
	failures := 0
	for _, a := range attacks(connections, length) {
		r, err := under(ctx, v, a, before)
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		verdict := ""
		if r.failed > 0 || r.worst > longest || !r.calm {
			verdict = "  FAIL"
			failures++
		}
		fmt.Printf("%-22s %8d %8d %8s %9s %6d -> %3d -> %3d %6d -> %4d -> %3d%s\n", a.name, r.probes, r.failed, r.worst.Round(time.Millisecond), r.after.Round(time.Second),
			before.descriptors, r.peak.descriptors, r.end.descriptors, before.goroutines, r.peak.goroutines, r.end.goroutines, verdict)
	}
	if failures > 0 {
		return fmt.Errorf("%d of the attacks were felt", failures)
	}
	return nil
}

// result is one row's right side.
type result struct {
	probes, failed int
	worst          time.Duration
	peak, end      size
	after          time.Duration // until the relay was back at its start
	calm           bool
}

// under runs an attack and uses the relay meanwhile as a visitor does.
func under(ctx context.Context, v startline.Line, a attack, before size) (r result, err error) {
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx, v) }()
	for running := true; running; {
		select {
		case err := <-ended:
			if err != nil {
				return r, err
			}
			running = false
		case <-time.After(100 * time.Millisecond):
			took, err := probe(ctx, v)
			r.probes++
			if err != nil {
				fmt.Fprintln(os.Stderr, "chaos:", a.name+":", err)
				r.failed++
			}
			r.worst = max(r.worst, took)
			if now, err := measure(ctx, v); err == nil {
				r.peak = size{max(r.peak.descriptors, now.descriptors), max(r.peak.goroutines, now.goroutines)}
			}
		}
	}
	for begin := time.Now(); time.Since(begin) < calm; time.Sleep(500 * time.Millisecond) {
		if r.end, err = measure(ctx, v); err != nil {
			return r, err
		}
		r.after = time.Since(begin)
		// A few come and go: the store's, the collector's.
		if r.end.descriptors <= before.descriptors+3 && r.end.goroutines <= before.goroutines+5 {
			r.calm = true
			break
		}
	}
	return r, nil
}

// probe shows a notice and records a refusal, on a connection of its own: that
// takes the routes, the seals and the ledger. It says how long both took.
func probe(ctx context.Context, v startline.Line) (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	begin := time.Now()
	defer func() { took = time.Since(begin) }()
	var shown struct {
		Notice struct {
			SHA256 string `json:"sha256"`
		} `json:"notice"`
		Presentation string `json:"presentation"`
	}
	if err := ask(ctx, client, http.MethodGet, v.URL+"/v1/view?sitekey=pk_test_pass&purpose=account-opening", "", 200, &shown); err != nil {
		return 0, err
	}
	body := fmt.Sprintf(`{"sitekey":"pk_test_pass","purpose":"account-opening","presentation":%q,"notice_sha256":%q,"idempotency_key":"chaos-%d"}`,
		shown.Presentation, shown.Notice.SHA256, time.Now().UnixNano())
	return 0, ask(ctx, client, http.MethodPost, v.URL+"/v1/declines", body, 201, &struct{}{})
}

func ask(ctx context.Context, client *http.Client, method, url, body string, want int, reply any) error {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Origin", "http://localhost:3000")
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		return fmt.Errorf("%s: %d: %w: %.200s", url, answer.StatusCode, err, text)
	}
	return json.Unmarshal(text, reply)
}

// size is what an attack could leave behind.
type size struct{ descriptors, goroutines int }

var gauges = regexp.MustCompile(`(?m)^(process_open_fds|go_goroutines) (\d+)`)

// measure reads the relay's own metrics.
func measure(ctx context.Context, v startline.Line) (s size, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.AdminURL+"/metrics", nil)
	if err != nil {
		return s, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return s, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return s, err
	}
	for _, match := range gauges.FindAllSubmatch(text, -1) {
		n, _ := strconv.Atoi(string(match[2]))
		if string(match[1]) == "process_open_fds" {
			s.descriptors = n
		} else {
			s.goroutines = n
		}
	}
	if s.descriptors == 0 || s.goroutines == 0 {
		return s, fmt.Errorf("the relay's metrics do not say how large it is")
	}
	return s, nil
}
