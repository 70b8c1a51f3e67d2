package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ekycconnect/server/internal/freeport"
)

// connect is what the vendor is asked through a proxy that does nothing else.
const connect = "/v1/ekyc/aadhaar/connect?consent=Y&purpose=Checking%20your%20identity"

// bareProxy is net/http/httputil's, which adds the credentials.
func (l *lab) bareProxy(ctx context.Context, vendor *program) (target, error) {
	path, err := l.build(ctx, "./server/internal/bench/proxy")
	if err != nil {
		return target{}, err
	}
	p, err := l.start(ctx, path, vendor.URL)
	return target{name: bareProxy, program: p, path: connect}, err
}

// nginx adds the credentials, too.
func (l *lab) nginx(ctx context.Context, vendor *program) (target, error) {
	dir, err := l.directory("nginx")
	if err != nil {
		return target{}, err
	}
	address, err := freeport.Address()
	if err != nil {
		return target{}, err
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(nginxConfiguration(dir, address, strings.TrimPrefix(vendor.URL, "http://"))), 0o600); err != nil {
		return target{}, err
	}
	p, err := l.startAt(ctx, address, "nginx", "-p", dir, "-c", file, "-e", filepath.Join(dir, "error.log"))
	return target{name: "nginx", program: p, path: connect}, err
}

func nginxConfiguration(dir, address, vendor string) string {
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n"
	}
	return user + fmt.Sprintf(`daemon off;
worker_processes auto;
pid %[1]s/pid;
events { worker_connections 4096; }
http {
  access_log %[1]s/access.log;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  keepalive_requests 1000000;
  upstream vendor { server %[3]s; keepalive 256; keepalive_requests 1000000; }
  server {
    listen %[2]s;
    location / {
      proxy_pass http://vendor;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header client-id sandbox;
      proxy_set_header x-api-key sandbox;
    }
  }
}
`, dir, address, vendor)
}

// express is the relay that a team would write with Node.js.
func (l *lab) express(ctx context.Context, dsn string, vendor *program) (target, error) {
	if err := l.packages(ctx); err != nil {
		return target{}, err
	}
	p, err := l.start(ctx, "node", filepath.Join(l.node, "relay.js"), dsn, vendor.URL)
	if err != nil {
		return target{}, err
	}
	body := fmt.Sprintf(`{"sitekey":%q,"purpose":%q,"notice_sha256":%q,"client":{"channel":"widget","version":"1.0.0"},"idempotency_key":"`,
		sitekey, purpose, strings.Repeat("0", 64))
	return target{name: express, program: p, path: "/v1/sessions", body: body}, nil
}
