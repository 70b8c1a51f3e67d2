package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"text/template"
	"time"

	"ekycconnect/server/internal/freeport"
	"ekycconnect/server/internal/pgtest"
)

const (
	origin  = "https://www.bank.example"
	purpose = "account-opening"
	relays  = 3
)

// cluster is all that runs.
type cluster struct {
	dir, program string
	sites        []*site
	env          []string
	first        *pgtest.Server // the primary
	second       *pgtest.Server // its synchronous standby
	promoted     bool           // the standby is the primary
	balancer     *process
	relays       [relays]*relay
	url          string   // of the balancer
	checkpoints  []string // files, of what was shown on the way
}

// site is a site with an account of its own, whose vendor allows what a plan does.
type site struct {
	Account, Plan string
	secret        string
	vendor        *process
}

// These stand in relay.yaml as well.
func (s *site) Sitekey() string    { return "pk_live_" + s.Account }
func (s *site) Vendor() string     { return s.vendor.url }
func (s *site) SecretHash() string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s.secret))) }

//go:embed relay.yaml
var relayYAML string

// settings fill in relay.yaml.
type settings struct {
	Balancer, Listen, Admin           int
	Data, Keys, First, Second, Origin string
	Sites                             []*site
}

// start runs a cluster with a site for each plan.
func start(ctx context.Context, plans ...string) (c *cluster, err error) {
	dir, err := os.MkdirTemp("", "ekyc-cluster-")
	if err != nil {
		return nil, err
	}
	c = &cluster{dir: dir, program: filepath.Join(dir, "relay")}
	begun := c // c is nil where an error is returned
	defer func() {
		if err != nil {
			err = errors.Join(err, begun.close(false))
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
	for i, plan := range plans {
		s := &site{Account: fmt.Sprint("cluster-", i+1), Plan: plan, secret: "sk_" + rand.Text() + rand.Text()}
		if s.vendor, err = c.startVendor(ctx, s); err != nil {
			return nil, err
		}
		c.sites = append(c.sites, s)
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
			First: c.first.Address(), Second: c.second.Address(), Origin: origin, Sites: c.sites,
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
	if c.balancer != nil {
		c.balancer.stop()
	}
	for _, s := range c.sites {
		s.vendor.stop()
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
		port, err := freeport.Take()
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// patience is how long anything may take to start.
const patience = time.Minute
