package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// webkit speaks WebDriver: HTTP to WebKitWebDriver, which drives WebKitGTK's small
// browser on a display that nobody sees.
type webkit struct {
	display, driver *exec.Cmd
	home            string
	url             string // of the driver, then of the session
}

// WebKit starts Debian's WebKitGTK.
func WebKit(ctx context.Context) (Browser, error) {
	home, err := os.MkdirTemp("", "ekyc-connect-webkit-")
	if err != nil {
		return nil, err
	}
	w := &webkit{home: home}
	if err := w.begin(ctx); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func (w *webkit) begin(ctx context.Context) error {
	var number string
	var err error
	w.display, number, err = screen()
	if err != nil {
		return err
	}
	place, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := place.Addr().(*net.TCPAddr).Port
	_ = place.Close()
	w.driver = exec.Command("WebKitWebDriver", fmt.Sprintf("--port=%d", port))
	w.driver.Env = append((*Desktop)(nil).environment(w.home), "DISPLAY=:"+number, "LIBGL_ALWAYS_SOFTWARE=1")
	if err := start(w.driver); err != nil {
		return err
	}
	w.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	for w.call(ctx, http.MethodGet, "/status", nil, nil) != nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("engine: WebKitWebDriver does not answer: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	browser, err := miniBrowser()
	if err != nil {
		return err
	}
	var session struct {
		ID string `json:"sessionId"`
	}
	err = w.call(ctx, http.MethodPost, "/session", object{"capabilities": object{"alwaysMatch": object{
		"webkitgtk:browserOptions": object{"binary": browser, "args": []string{"--automation"}},
	}}}, &session)
	if err != nil {
		return err
	}
	w.url += "/session/" + session.ID
	return w.call(ctx, http.MethodPost, "/timeouts", object{"script": patience.Milliseconds()}, nil)
}

// miniBrowser lies in a folder whose name has the machine's architecture in it.
func miniBrowser() (string, error) {
	found, _ := filepath.Glob("/usr/lib/*/webkit2gtk-4.*/MiniBrowser")
	if len(found) == 0 {
		return "", fmt.Errorf("engine: WebKitGTK's MiniBrowser is missing (make e2e installs it)")
	}
	return found[len(found)-1], nil
}

func (w *webkit) call(ctx context.Context, method, path string, params, result any) error {
	var body io.Reader
	if params != nil {
		text, err := json.Marshal(params)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, w.url+path, body)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("engine: webkit: %s: %w", path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("engine: webkit: %s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("engine: webkit: %s: %s", path, text)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(text, &struct {
		Value any `json:"value"`
	}{result})
}

func (w *webkit) Name() string { return "webkit" }

func (w *webkit) Open(ctx context.Context, url string) error {
	return w.call(ctx, http.MethodPost, "/url", object{"url": url}, nil)
}

func (w *webkit) Follow(ctx context.Context, address string) error {
	return await(ctx, address, func() (bool, error) {
		var windows []string
		if err := w.call(ctx, http.MethodGet, "/window/handles", nil, &windows); err != nil {
			return false, err
		}
		for _, window := range windows {
			if err := w.call(ctx, http.MethodPost, "/window", object{"handle": window}, nil); err != nil {
				return false, err
			}
			var at string
			if err := w.call(ctx, http.MethodGet, "/url", nil, &at); err != nil {
				return false, err
			}
			if strings.HasPrefix(at, address) {
				return true, nil
			}
		}
		return false, nil
	})
}

func (w *webkit) Eval(ctx context.Context, expression string, out any) error {
	var answer struct {
		OK    bool   `json:"ok"`
		Value string `json:"value"`
	}
	err := w.call(ctx, http.MethodPost, "/execute/async", object{
		"script": "const done = arguments[0]; " + wrap(expression) + ".then(value => done({ok: true, value}), e => done({ok: false, value: String(e)}))",
		"args":   []any{},
	}, &answer)
	if err == nil && !answer.OK {
		err = fmt.Errorf("engine: webkit: %s: %s", expression, answer.Value)
	}
	if err != nil {
		return err
	}
	return decode(answer.Value, out)
}

func (w *webkit) act(ctx context.Context, actions []any) error {
	return w.call(ctx, http.MethodPost, "/actions", object{"actions": actions}, nil)
}

func (w *webkit) Click(ctx context.Context, x, y float64) error { return w.act(ctx, mouse(x, y, x, y)) }
func (w *webkit) Drag(ctx context.Context, fromX, fromY, toX, toY float64) error {
	return w.act(ctx, mouse(fromX, fromY, toX, toY))
}
func (w *webkit) Type(ctx context.Context, keys string) error { return w.act(ctx, keyboard(keys)) }

func (w *webkit) Close() {
	stop(w.driver)
	stop(w.display)
	_ = os.RemoveAll(w.home)
}
