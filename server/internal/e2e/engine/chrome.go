package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"
)

// chrome speaks Chrome's own protocol to one page at a time, by the commands that
// Chrome 64 has too.
type chrome struct {
	*socket // of the page
	version string
	cmd     *exec.Cmd
	dir     string // profile, home and program
	host    string // that tells which pages there are
}

// Chrome starts a Chrome of any age without a window. The program may be compressed
// (chromium.br), as packages ship it.
func Chrome(ctx context.Context, name, program string) (Browser, error) {
	return ChromeOn(ctx, nil, name, program)
}

// ChromeOn starts it with a window on a desktop.
func ChromeOn(ctx context.Context, on *Desktop, name, program string) (Browser, error) {
	dir, err := os.MkdirTemp("", "ekyc-connect-chrome-")
	if err != nil {
		return nil, err
	}
	c := &chrome{version: name, dir: dir}
	if err := c.begin(ctx, on, program); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *chrome) begin(ctx context.Context, on *Desktop, program string) error {
	if strings.HasSuffix(program, ".br") {
		unpacked := filepath.Join(c.dir, "chrome")
		if err := unpack(program, unpacked); err != nil {
			return err
		}
		program = unpacked
	}
	args := []string{"--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1024,900",
		"--remote-debugging-port=0", "--user-data-dir=" + filepath.Join(c.dir, "profile"), "about:blank"}
	if on == nil {
		args = append(args, "--headless")
	} else {
		args = append(args, "--force-renderer-accessibility", "--password-store=basic")
	}
	c.cmd = exec.Command(program, args...)
	c.cmd.Env = on.environment(c.dir)
	address, err := listening(ctx, c.cmd, "DevTools listening on ")
	if err != nil {
		return err
	}
	at, err := url.Parse(address)
	if err != nil {
		return err
	}
	c.host = at.Host
	return c.Follow(ctx, "about:blank")
}

func unpack(from, to string) error {
	packed, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("engine: %w (make e2e installs it)", err)
	}
	defer packed.Close()
	program, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(program, brotli.NewReader(packed))
	if failed := program.Close(); err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("engine: %s: %w", from, err)
	}
	return nil
}

func (c *chrome) Name() string { return c.version }

// Open leaves a mark on the page that is there, to tell it from the next. It asks for
// nothing that a page may have replaced.
func (c *chrome) Open(ctx context.Context, address string) error {
	if _, err := c.holds(ctx, "window.left = true"); err != nil {
		return err
	}
	if err := c.call(ctx, "Page.navigate", object{"url": address}, nil); err != nil {
		return err
	}
	return await(ctx, address, func() (bool, error) {
		return c.holds(ctx, "!window.left && performance.timing.loadEventEnd > 0")
	})
}

// holds evaluates an expression that is true or false.
func (c *chrome) holds(ctx context.Context, expression string) (bool, error) {
	var said struct {
		Result struct {
			Value bool `json:"value"`
		} `json:"result"`
	}
	round, stop := context.WithTimeout(ctx, patience)
	defer stop()
	err := c.call(round, "Runtime.evaluate", object{"expression": expression, "returnByValue": true}, &said)
	return said.Result.Value, err
}

func (c *chrome) Follow(ctx context.Context, address string) error {
	return await(ctx, address, func() (bool, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.host+"/json/list", nil)
		if err != nil {
			return false, err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, err
		}
		defer resp.Body.Close()
		var pages []struct {
			Type   string `json:"type"`
			URL    string `json:"url"`
			Socket string `json:"webSocketDebuggerUrl"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&pages); err != nil {
			return false, err
		}
		for _, p := range pages {
			if p.Type == "page" && strings.HasPrefix(p.URL, address) && p.Socket != "" { // it has none while this one is connected
				next, err := dial(ctx, c.Name(), p.Socket)
				if err != nil {
					return false, err
				}
				c.close()
				c.socket = next
				return true, c.prepare(ctx)
			}
		}
		return false, nil
	})
}

// asked is what tests ask a page for and Chrome has had since 105 only. The widget does
// not use it.
const asked = `Element.prototype.checkVisibility = Element.prototype.checkVisibility || function () { return this.getClientRects().length > 0 }`

func (c *chrome) prepare(ctx context.Context) error {
	if err := c.call(ctx, "Page.enable", nil, nil); err != nil {
		return err
	}
	if err := c.call(ctx, "Page.addScriptToEvaluateOnNewDocument", object{"source": asked}, nil); err != nil {
		return err
	}
	if _, err := c.holds(ctx, "!("+asked+")"); err != nil {
		return err
	}
	return c.call(ctx, "Page.bringToFront", nil, nil)
}

func (c *chrome) Eval(ctx context.Context, expression string, out any) error {
	var said struct {
		Result struct {
			Value string `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	if err := c.call(ctx, "Runtime.evaluate", object{"expression": wrap(expression), "awaitPromise": true, "returnByValue": true}, &said); err != nil {
		return err
	}
	if e := said.Exception; e != nil {
		return fmt.Errorf("engine: %s: %s: %s %s", c.name, expression, e.Text, e.Exception.Description)
	}
	return decode(said.Result.Value, out)
}

func (c *chrome) Click(ctx context.Context, x, y float64) error { return c.Drag(ctx, x, y, x, y) }

func (c *chrome) Drag(ctx context.Context, fromX, fromY, toX, toY float64) error {
	for _, e := range []object{
		{"type": "mouseMoved", "x": fromX, "y": fromY},
		{"type": "mousePressed", "x": fromX, "y": fromY, "button": "left", "clickCount": 1},
		{"type": "mouseMoved", "x": toX, "y": toY, "button": "left"},
		{"type": "mouseReleased", "x": toX, "y": toY, "button": "left", "clickCount": 1},
	} {
		if err := c.call(ctx, "Input.dispatchMouseEvent", e, nil); err != nil {
			return err
		}
	}
	return nil
}

func (c *chrome) Type(ctx context.Context, keys string) error {
	for _, key := range keys {
		press := object{"type": "keyDown", "key": string(key), "text": string(key)}
		switch string(key) {
		case Enter:
			press = object{"type": "keyDown", "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
		case Tab:
			press = object{"type": "keyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
		case " ":
			press["code"], press["windowsVirtualKeyCode"] = "Space", 32
		}
		if err := c.call(ctx, "Input.dispatchKeyEvent", press, nil); err != nil {
			return err
		}
		press["type"] = "keyUp"
		delete(press, "text")
		if err := c.call(ctx, "Input.dispatchKeyEvent", press, nil); err != nil {
			return err
		}
	}
	return nil
}

func (c *chrome) Close() {
	c.close()
	stop(c.cmd)
	_ = os.RemoveAll(c.dir)
}
