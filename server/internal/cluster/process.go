package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"ekycconnect/server/internal/startline"
)

// process is a program that runs until it is stopped.
type process struct {
	cmd   *exec.Cmd
	url   string
	ended chan struct{}
}

// launch starts a program, with its output in a file.
func launch(cmd *exec.Cmd, log string) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	cmd.Stderr = file
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // nginx has a child to end
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // its status says how it was ended
		close(p.ended)
	}()
	return p, nil
}

// announced starts a program that says on standard output where it is.
func announced(cmd *exec.Cmd, log string) (*process, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	cmd.Stdout = write
	p, err := launch(cmd, log)
	_ = write.Close()
	if err != nil {
		return nil, err
	}
	at, err := startline.Read(read)
	if err != nil {
		p.kill()
		text, _ := os.ReadFile(log)
		return nil, fmt.Errorf("%s does not start: %w: %s", filepath.Base(cmd.Path), err, text)
	}
	p.url = at.URL
	return p, nil
}

func (p *process) kill() { p.end(syscall.SIGKILL) }
func (p *process) stop() { p.end(syscall.SIGTERM) }

func (p *process) end(by syscall.Signal) {
	_ = p.cmd.Process.Signal(by) // it may have ended by itself
	<-p.ended
}

// relay is one of the three.
type relay struct {
	program, config, url, log string
	env                       []string
	running                   *process
}

func (r *relay) start(ctx context.Context) (err error) {
	cmd := exec.CommandContext(ctx, r.program, "serve", "--config", r.config)
	cmd.Env = r.env
	r.running, err = announced(cmd, r.log)
	return err
}

func (r *relay) kill() {
	if r.running != nil {
		r.running.kill()
	}
}

// startVendor runs the emulator for a site, which refuses what is above its plan.
func (c *cluster) startVendor(ctx context.Context, s *site) (*process, error) {
	cmd := exec.CommandContext(ctx, c.program, "sandbox", "--listen", "127.0.0.1:0", "--plan", s.Plan)
	return announced(cmd, filepath.Join(c.dir, s.Account+".vendor.log"))
}

const nginxConf = `
%[1]s
daemon off;
pid %[2]s/nginx.pid;
error_log %[2]s/nginx.log warn;
worker_processes 1;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path %[2]s; proxy_temp_path %[2]s; fastcgi_temp_path %[2]s; uwsgi_temp_path %[2]s; scgi_temp_path %[2]s;
    upstream relays {
%[3]s        keepalive 64;
    }
    server {
        listen 127.0.0.1:%[4]d;
        location / {
            proxy_pass http://relays;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_connect_timeout 2s;
            proxy_read_timeout 35s;
            proxy_next_upstream error;   # of what was sent to a relay, only what is asked by GET
        }
    }
}
`

// startBalancer runs nginx, which gives each relay every third request.
func (c *cluster) startBalancer(ctx context.Context, port int) error {
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // not in everybody's PATH
	}
	dir := filepath.Join(c.dir, "nginx")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	var servers strings.Builder
	for _, r := range c.relays {
		fmt.Fprintf(&servers, "        server %s max_fails=1 fail_timeout=1s;\n", strings.TrimPrefix(r.url, "http://"))
	}
	user := "#"
	if os.Geteuid() == 0 {
		user = "user root; #"
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, user, dir, servers.String(), port), 0o600); err != nil {
		return err
	}
	log := filepath.Join(c.dir, "nginx.log")
	if c.balancer, err = launch(exec.CommandContext(ctx, program, "-p", dir, "-c", conf, "-e", log), log); err != nil {
		return fmt.Errorf("%w: run `make cluster` or `make test`, which install nginx", err)
	}
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		answer, err := http.Get(c.url + "/readyz")
		if err == nil {
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		if time.Since(begin) > patience {
			text, _ := os.ReadFile(log)
			return fmt.Errorf("the balancer does not answer: %v: %s", err, text)
		}
	}
}
