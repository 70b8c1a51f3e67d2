package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// firefox speaks WebDriver BiDi: commands and answers on one web socket.
type firefox struct {
	*socket
	cmd     *exec.Cmd
	dir     string // profile and home
	context string // the tab
}

// Firefox starts Debian's Firefox ESR without a window.
func Firefox(ctx context.Context) (Browser, error) { return FirefoxOn(ctx, nil) }

// FirefoxOn starts it with a window on a desktop.
func FirefoxOn(ctx context.Context, on *Desktop) (Browser, error) {
	dir, err := os.MkdirTemp("", "ekyc-connect-firefox-")
	if err != nil {
		return nil, err
	}
	f := &firefox{dir: dir}
	if err := f.begin(ctx, on); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (f *firefox) begin(ctx context.Context, on *Desktop) error {
	args := []string{"--no-remote", "--profile", f.dir, "--remote-debugging-port=0", "about:blank"}
	if on == nil {
		args = append(args, "--headless")
	}
	f.cmd = exec.Command("firefox-esr", args...)
	f.cmd.Env = on.environment(f.dir)
	address, err := listening(ctx, f.cmd, "WebDriver BiDi listening on ")
	if err != nil {
		return err
	}
	if f.socket, err = dial(ctx, f.Name(), address+"/session"); err != nil {
		return err
	}
	if err := f.call(ctx, "session.new", object{"capabilities": object{}}, nil); err != nil {
		return err
	}
	// The first tab never has the focus; one that is made has.
	var tab struct {
		Context string `json:"context"`
	}
	err = f.call(ctx, "browsingContext.create", object{"type": "tab"}, &tab)
	f.context = tab.Context
	return err
}

func (f *firefox) Name() string { return "firefox" }

func (f *firefox) Open(ctx context.Context, url string) error {
	return f.call(ctx, "browsingContext.navigate", object{"context": f.context, "url": url, "wait": "complete"}, nil)
}

func (f *firefox) Follow(ctx context.Context, address string) error {
	return await(ctx, address, func() (bool, error) {
		var tree struct {
			Contexts []struct {
				Context string `json:"context"`
				URL     string `json:"url"`
			} `json:"contexts"`
		}
		if err := f.call(ctx, "browsingContext.getTree", object{"maxDepth": 0}, &tree); err != nil {
			return false, err
		}
		for _, c := range tree.Contexts {
			if strings.HasPrefix(c.URL, address) {
				f.context = c.Context
				return true, f.call(ctx, "browsingContext.activate", object{"context": f.context}, nil)
			}
		}
		return false, nil
	})
}

func (f *firefox) Eval(ctx context.Context, expression string, out any) error {
	var said struct {
		Result struct {
			Value string `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text string `json:"text"`
		} `json:"exceptionDetails"`
	}
	err := f.call(ctx, "script.evaluate", object{
		"expression": wrap(expression), "target": object{"context": f.context}, "awaitPromise": true, "userActivation": false,
	}, &said)
	if err != nil {
		return err
	}
	if said.Exception != nil {
		return fmt.Errorf("engine: firefox: %s: %s", expression, said.Exception.Text)
	}
	return decode(said.Result.Value, out)
}

func (f *firefox) act(ctx context.Context, actions []any) error {
	return f.call(ctx, "input.performActions", object{"context": f.context, "actions": actions}, nil)
}

func (f *firefox) Click(ctx context.Context, x, y float64) error {
	return f.act(ctx, mouse(x, y, x, y))
}
func (f *firefox) Drag(ctx context.Context, fromX, fromY, toX, toY float64) error {
	return f.act(ctx, mouse(fromX, fromY, toX, toY))
}
func (f *firefox) Type(ctx context.Context, keys string) error { return f.act(ctx, keyboard(keys)) }

func (f *firefox) Close() {
	f.socket.close()
	stop(f.cmd)
	_ = os.RemoveAll(f.dir)
}
