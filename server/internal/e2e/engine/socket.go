package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"net"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// socket carries commands and their answers by number, as WebDriver BiDi and
// Chrome's protocol do.
type socket struct {
	name    string
	conn    net.Conn
	answers chan answer
	last    int // number of the newest command
}

// answer is to the command of the same number; an event has none.
type answer struct {
	ID      int             `json:"id"`
	Error   json.RawMessage `json:"error"`
	Message string          `json:"message"`
	Result  json.RawMessage `json:"result"`
}

func dial(ctx context.Context, name, address string) (*socket, error) {
	conn, _, _, err := ws.Dial(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("engine: %s: %w", name, err)
	}
	s := &socket{name: name, conn: conn, answers: make(chan answer, 100)}
	go s.read()
	return s, nil
}

func (s *socket) close() {
	if s != nil { // it may never have begun
		_ = s.conn.Close()
	}
}

// read passes answers on until the connection ends. The channel holds those to
// commands that nobody waits for any more.
func (s *socket) read() {
	defer close(s.answers)
	for {
		text, err := wsutil.ReadServerText(s.conn)
		if err != nil {
			return
		}
		var a answer
		if json.Unmarshal(text, &a) == nil && a.ID != 0 {
			s.answers <- a
		}
	}
}

// call sends a command and waits for its answer.
func (s *socket) call(ctx context.Context, method string, params, result any) error {
	s.last++
	if params == nil {
		params = object{}
	}
	body, err := json.Marshal(object{"id": s.last, "method": method, "params": params})
	if err != nil {
		return err
	}
	if err := wsutil.WriteClientText(s.conn, body); err != nil {
		return fmt.Errorf("engine: %s: %s: %w", s.name, method, err)
	}
	for {
		select {
		case a, open := <-s.answers:
			switch {
			case !open:
				return fmt.Errorf("engine: %s: %s: the connection has ended", s.name, method)
			case a.ID != s.last: // to a question that was given up
			case len(a.Error) > 0:
				return fmt.Errorf("engine: %s: %s: %s %s", s.name, method, a.Error, a.Message)
			case result == nil:
				return nil
			default:
				return json.Unmarshal(a.Result, result)
			}
		case <-ctx.Done():
			return fmt.Errorf("engine: %s: %s: %w", s.name, method, ctx.Err())
		}
	}
}
