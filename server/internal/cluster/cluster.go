package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"text/template"
	"time"

	"ekycconnect/server/internal/pgtest"
)

const (
	origin  = "https://www.bank.example"
	sitekey = "pk_live_cluster"
	purpose = "account-opening"
	relays  = 3
)

// cluster is all that runs.
type cluster struct {
	dir, program string
	secret       string // of the site
	env          []string
	first        *pgtest.Server // the primary
	second       *pgtest.Server // its synchronous standby
	promoted     bool           // the standby is the primary
	vendor       *process
	balancer     *process
	relays       [relays]*relay
	url          string   // of the balancer
	checkpoints  []string // files, of what was shown on the way
}

//go:embed relay.yaml
var relayYAML string

// settings fill in relay.yaml.
type settings struct {
	Balancer, Listen, Admin                 int
	Data, Keys, First, Second, Vendor, Plan string
	Sitekey, SecretHash, Origin             string
}

// start runs a cluster whose vendor allows what a plan does.
func start(ctx context.Context, plan string) (c *cluster, err error) {
	dir, err := os.MkdirTemp("", "ekyc-cluster-")
	if err != nil {
		return nil, err
	}
	c = &cluster{dir: dir, program: filepath.Join(dir, "relay"), secret: "sk_" + rand.Text() + rand.Text()}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close(false))
		}
	}()
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", c.program, "ekycconnect/server").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the relay: %w\n%s", err, out)
	}
	keys := filepath.Join(dir, "keys.yaml")
	if out, err := exec.CommandContext(ctx, c.program, "keygen", "keys", "--out", keys).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make keys: %w\n%s", err, out)
	}
	if err := c.startDatabase(ctx); err != nil {
		return nil, err
	}
	if err := c.startVendor(ctx, plan); err != nil {
		return nil, err
	}
	ports, err := freePorts(1 + 2*relays)
	if err != nil {
		return nil, err
	}
	c.url = "http://127.0.0.1:" + strconv.Itoa(ports[0])
	for i := range c.relays {
		c.relays[i] = &relay{
			program: c.program, config: filepath.Join(dir, fmt.Sprintf("relay%d.yaml", i+1)), env: c.env,
			url: fmt.Sprintf("http://127.0.0.1:%d", ports[1+2*i]), log: filepath.Join(dir, fmt.Sprintf("relay%d.log", i+1)),
		}
		err := write(c.relays[i].config, settings{
			Balancer: ports[0], Listen: ports[1+2*i], Admin: ports[2+2*i],
			Data: filepath.Join(dir, fmt.Sprintf("relay%d", i+1)), Keys: keys,
			First: c.first.Address(), Second: c.second.Address(), Vendor: c.vendor.url, Plan: plan,
			Sitekey: sitekey, SecretHash: fmt.Sprintf("%x", sha256.Sum256([]byte(c.secret))), Origin: origin,
		})
		if err != nil {
			return nil, err
		}
		if err := c.relays[i].start(ctx); err != nil {
			return nil, err
		}
	}
	return c, c.startBalancer(ctx, ports[0])
}

func write(path string, s settings) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(template.Must(template.New("").Parse(relayYAML)).Execute(file, s), file.Close())
}

// startDatabase makes the database with its roles, and the standby.
func (c *cluster) startDatabase(ctx context.Context) (err error) {
	if c.first, err = pgtest.Start(pgtest.Options{Durable: true}); err != nil {
		return err
	}
	password := rand.Text()
	c.env = append(os.Environ(), "EKYC_DATABASE="+password, "EKYC_VENDOR=sandbox")
	for _, statement := range []string{
		"CREATE ROLE ekyc_owner LOGIN PASSWORD '" + password + "'",
		"CREATE ROLE ekyc_relay LOGIN PASSWORD '" + password + "'",
		"CREATE DATABASE ekyc OWNER ekyc_owner",
	} {
		if err := c.first.Exec(ctx, "postgres", statement); err != nil {
			return err
		}
	}
	c.second, err = c.first.Standby()
	return err
}

// primary is the server that takes writes.
func (c *cluster) primary() *pgtest.Server {
	if c.promoted {
		return c.second
	}
	return c.first
}

// close ends everything, and removes the files if all is well.
func (c *cluster) close(well bool) (err error) {
	for _, r := range c.relays {
		if r != nil {
			r.kill()
		}
	}
	for _, p := range []*process{c.balancer, c.vendor} {
		if p != nil {
			p.stop()
		}
	}
	for _, s := range []*pgtest.Server{c.first, c.second} {
		if s != nil {
			s.Remove()
		}
	}
	if !well {
		return fmt.Errorf("logs are left in %s", c.dir)
	}
	return os.RemoveAll(c.dir)
}

func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all are held until the last is known, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// patience is how long anything may take to start.
const patience = 30 * time.Second
