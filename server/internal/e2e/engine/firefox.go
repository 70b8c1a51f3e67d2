package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// firefox speaks WebDriver BiDi: commands and answers on one web socket.
type firefox struct {
	cmd     *exec.Cmd
	dir     string // profile and home
	conn    net.Conn
	answers chan answer
	last    int    // number of the newest command
	context string // the tab
}

// Firefox starts Debian's Firefox ESR without a window.
func Firefox(ctx context.Context) (Browser, error) {
	dir, err := os.MkdirTemp("", "ekyc-connect-firefox-")
	if err != nil {
		return nil, err
	}
	f := &firefox{dir: dir}
	if err := f.begin(ctx); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (f *firefox) begin(ctx context.Context) error {
	f.cmd = exec.Command("firefox-esr", "--headless", "--no-remote", "--profile", f.dir, "--remote-debugging-port=0", "about:blank")
	f.cmd.Env = append(os.Environ(), "HOME="+f.dir)
	said, err := f.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := start(f.cmd); err != nil {
		return err
	}
	found := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if _, address, ok := strings.Cut(lines.Text(), "WebDriver BiDi listening on "); ok {
				found <- address
			}
		}
		close(found)
	}()
	var address string
	select {
	case address = <-found:
	case <-ctx.Done():
		return fmt.Errorf("engine: firefox says no address: %w", ctx.Err())
	}
	if f.conn, _, _, err = ws.Dial(ctx, address+"/session"); err != nil {
		return fmt.Errorf("engine: firefox: %w", err)
	}
	f.answers = make(chan answer, 100)
	go f.read()
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

// answer is to the command of the same number; an event has none.
type answer struct {
	ID      int             `json:"id"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
	Result  json.RawMessage `json:"result"`
}

// read passes answers on until the connection ends. The channel holds those to
// commands that nobody waits for any more.
func (f *firefox) read() {
	defer close(f.answers)
	for {
		text, err := wsutil.ReadServerText(f.conn)
		if err != nil {
			return
		}
		var a answer
		if json.Unmarshal(text, &a) == nil && a.ID != 0 {
			f.answers <- a
		}
	}
}

// call sends a command and waits for its answer.
func (f *firefox) call(ctx context.Context, method string, params, result any) error {
	f.last++
	body, err := json.Marshal(object{"id": f.last, "method": method, "params": params})
	if err != nil {
		return err
	}
	if err := wsutil.WriteClientText(f.conn, body); err != nil {
		return fmt.Errorf("engine: firefox: %s: %w", method, err)
	}
	for {
		select {
		case a, open := <-f.answers:
			switch {
			case !open:
				return fmt.Errorf("engine: firefox: %s: the connection has ended", method)
			case a.ID != f.last: // to a question that was given up
			case a.Error != "":
				return fmt.Errorf("engine: firefox: %s: %s: %s", method, a.Error, a.Message)
			case result == nil:
				return nil
			default:
				return json.Unmarshal(a.Result, result)
			}
		case <-ctx.Done():
			return fmt.Errorf("engine: firefox: %s: %w", method, ctx.Err())
		}
	}
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
	if f.conn != nil {
		_ = f.conn.Close()
	}
	stop(f.cmd)
	_ = os.RemoveAll(f.dir)
}
