// Package engine drives browsers that chromedp does not know: Firefox by WebDriver
// BiDi (https://w3c.github.io/webdriver-bidi/), WebKitGTK by WebDriver
// (https://w3c.github.io/webdriver2/), and Chrome of any age by what its protocol
// (https://chromedevtools.github.io/devtools-protocol/) has had since Chrome 64, with
// the few commands that a person's journey through a page needs. For tests.
package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Browser shows one window at a time. Its methods are not safe for use by several goroutines.
type Browser interface {
	Name() string
	// Open goes to a page and waits until it has loaded.
	Open(ctx context.Context, url string) error
	// Eval evaluates an expression of the page, waits for the promise that it may
	// give, and decodes its value into out. The page's policy has no say in it.
	Eval(ctx context.Context, expression string, out any) error
	// Click presses the mouse at a place of the viewport, in CSS pixels.
	Click(ctx context.Context, x, y float64) error
	// Drag presses the mouse at one place of the viewport and releases it at another.
	Drag(ctx context.Context, fromX, fromY, toX, toY float64) error
	// Follow goes on in the window whose address begins so, once there is one.
	Follow(ctx context.Context, address string) error
	// Type presses keys one after another; Enter and Tab among them.
	Type(ctx context.Context, keys string) error
	// Close ends the browser and all that it started.
	Close()
}

// WebDriver's code points for keys that have no character.
const (
	Enter = "\uE007"
	Tab   = "\uE004"
)

// patience is for one question: a page that is left may go into the browser's
// cache with it, and never answer.
const patience = 5 * time.Second

// Until evaluates an expression until it is true. ctx says for how long.
func Until(ctx context.Context, b Browser, expression string) error {
	for {
		var ok bool
		round, stop := context.WithTimeout(ctx, patience)
		err := b.Eval(round, "!!("+expression+")", &ok)
		stop()
		if err == nil && ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("engine: %s: waiting for %s: %w (last: %v)", b.Name(), expression, ctx.Err(), err)
		case <-time.After(20 * time.Millisecond): // a page under way to another one answers with an error
		}
	}
}

// await calls follow until it has found what it looks for.
func await(ctx context.Context, what string, follow func() (bool, error)) error {
	for {
		found, err := follow()
		if found {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("engine: no window at %s: %w (last: %v)", what, ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// wrap makes an expression one that gives JSON text, in the syntax of old engines.
func wrap(expression string) string {
	return "(async () => { const v = await (" + expression + "); return JSON.stringify(v === undefined ? null : v) })()"
}

func decode(text string, out any) error {
	if out == nil {
		return nil
	}
	return json.Unmarshal([]byte(text), out)
}

type object = map[string]any

// mouse and keyboard are the actions of both protocols; only the names of the
// commands that carry them differ.
func mouse(x, y, toX, toY float64) []any {
	return []any{object{
		"type": "pointer", "id": "mouse", "parameters": object{"pointerType": "mouse"},
		"actions": []any{
			object{"type": "pointerMove", "x": int(x), "y": int(y), "duration": 0},
			object{"type": "pointerDown", "button": 0},
			object{"type": "pointerMove", "x": int(toX), "y": int(toY), "duration": 0},
			object{"type": "pointerUp", "button": 0},
		},
	}}
}

func keyboard(keys string) []any {
	var presses []any
	for _, key := range keys {
		presses = append(presses, object{"type": "keyDown", "value": string(key)}, object{"type": "keyUp", "value": string(key)})
	}
	return []any{object{"type": "key", "id": "keyboard", "actions": presses}}
}

// start runs a program in a process group of its own, so that stop ends its
// children too.
func start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("engine: %w (make e2e installs it)", err)
	}
	return nil
}

// listening starts a browser and gives the address that it writes after a text.
func listening(ctx context.Context, cmd *exec.Cmd, after string) (string, error) {
	said, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := start(cmd); err != nil {
		return "", err
	}
	found := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if _, address, ok := strings.Cut(lines.Text(), after); ok {
				found <- address
			}
		}
		close(found)
	}()
	select {
	case address, ok := <-found:
		if !ok {
			return "", fmt.Errorf("engine: %s ends before it says where it listens", cmd.Path)
		}
		return address, nil
	case <-ctx.Done():
		return "", fmt.Errorf("engine: %s does not say where it listens: %w", cmd.Path, ctx.Err())
	}
}

func stop(cmd *exec.Cmd) {
	if cmd == nil || cmd.Process == nil {
		return
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Wait()
}

// screen starts a display and gives its number, which it chooses by itself: one
// that was just given up may not be free yet.
func screen() (display *exec.Cmd, number string, err error) {
	said, tell, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	defer said.Close()
	display = exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp")
	display.ExtraFiles = []*os.File{tell}
	err = start(display)
	_ = tell.Close()
	if err != nil {
		return nil, "", err
	}
	text, err := io.ReadAll(io.LimitReader(said, 8))
	if err != nil || len(text) == 0 {
		return display, "", fmt.Errorf("engine: Xvfb names no display: %w", err)
	}
	return display, strings.TrimSpace(string(text)), nil
}
