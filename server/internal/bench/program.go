package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"ekycconnect/server/internal/startline"
)

// program is one that serves: the relay, what it is compared with, the vendor's
// double.
type program struct {
	startline.Line
	cmd  *exec.Cmd
	log  *os.File
	took time.Duration // from its start until it said that it is ready
	stop func()
}

// start runs a program that says in one line of JSON where it is. Its log goes to
// a file, as in production.
func (l *lab) start(ctx context.Context, name string, args ...string) (*program, error) {
	p, out, err := l.launch(ctx, name, args...)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	p.Line, err = startline.Read(out)
	p.took = time.Since(begin)
	if err != nil {
		return nil, p.failed(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return p, nil
}

// startAt runs a program that says nothing; it is ready once it takes
// connections.
func (l *lab) startAt(ctx context.Context, address, name string, args ...string) (*program, error) {
	p, _, err := l.launch(ctx, name, args...)
	if err != nil {
		return nil, err
	}
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			p.URL = "http://" + address
			return p, c.Close()
		}
		if time.Since(begin) > 10*time.Second {
			return nil, p.failed(err)
		}
	}
}

func (l *lab) launch(ctx context.Context, name string, args ...string) (*program, io.Reader, error) {
	p := &program{cmd: exec.CommandContext(ctx, name, args...)}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if p.log, err = os.CreateTemp(l.dir, filepath.Base(name)+"-*.log"); err != nil {
		return nil, nil, err
	}
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		return nil, nil, err
	}
	p.stop = sync.OnceFunc(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) })
		_ = p.cmd.Wait() // its error says how it was ended
		late.Stop()
		_ = p.log.Close()
	})
	l.atEnd(p.stop)
	return p, out, nil
}

func (p *program) failed(err error) error {
	p.stop()
	return fmt.Errorf("%s does not start: %w: %s", filepath.Base(p.cmd.Path), err, p.lastWords())
}

// lastWords are the end of its log.
func (p *program) lastWords() string {
	text, _ := os.ReadFile(p.log.Name())
	return string(text[max(0, len(text)-2000):])
}

// pids are the program and its children.
func (p *program) pids() []int {
	all := []int{p.cmd.Process.Pid}
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", all[0]))
	for _, child := range strings.Fields(string(children)) {
		if pid, err := strconv.Atoi(child); err == nil {
			all = append(all, pid)
		}
	}
	return all
}

// cpu is what the program has used so far, its children included.
func (p *program) cpu() (used time.Duration) {
	const tick = time.Second / 100 // of /proc, see proc(5)
	for _, pid := range p.pids() {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		for _, field := range fields[11:13] { // user and system
			ticks, _ := strconv.Atoi(string(field))
			used += time.Duration(ticks) * tick
		}
	}
	return used
}

// memory is a member of /proc/PID/status in bytes: VmRSS, VmHWM.
func (p *program) memory(member string) (bytes float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, member+":"); ok {
			kilobytes, err := strconv.Atoi(strings.Fields(value)[0])
			return float64(kilobytes) * 1024, err
		}
	}
	return 0, fmt.Errorf("no %s of process %d", member, p.cmd.Process.Pid)
}
