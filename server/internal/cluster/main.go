// Command cluster runs what stands behind a partner with many customers, on this
// machine: three relays, a PostgreSQL server with a synchronous standby, nginx
// before the relays and an emulator of the vendor that counts. Visitors and a
// partner's back end use it all the time, while relays are killed, the database's
// connections are cut, its server is killed and the standby takes over, and the
// relays are restarted one by one. At the end it looks for everything that anybody
// was told:
//
//	go run ./server/internal/cluster
//
// It prints "acknowledged N lost 0 double-redeemed 0 over-allowance 0", or what is
// wrong, and then its exit status is 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	visitors := flag.Int("visitors", 40, "how many there are at a time")
	calm := flag.Duration("calm", 8*time.Second, "of load between two troubles")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *visitors, *calm, everything, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

// run has visitors use a cluster of its own while troubles come over it.
func run(ctx context.Context, visitors int, calm time.Duration, troubles []trouble, out io.Writer) (err error) {
	c, err := start(ctx, "enterprise") // the vendor's largest
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close(err == nil)) }()
	crowd := c.admit(ctx, visitors)
	for _, trouble := range troubles {
		pass(ctx, calm)
		told, cut := crowd.told()
		begin := time.Now()
		if err := trouble.comes(ctx, c); err != nil {
			crowd.leave()
			return fmt.Errorf("%s: %w", trouble.name, err)
		}
		if err := c.saveCheckpoint(ctx); err != nil {
			crowd.leave()
			return fmt.Errorf("%s: %w", trouble.name, err)
		}
		toldThen, cutThen := crowd.told()
		fmt.Fprintf(out, "%-48s %5.1f s, acknowledged meanwhile %4d, requests cut off %3d\n",
			trouble.name, time.Since(begin).Seconds(), toldThen-told, cutThen-cut)
	}
	pass(ctx, calm)
	crowd.leave()
	return c.judge(ctx, crowd, out)
}

// pass lets load go on for a while: there is nothing to wait for.
func pass(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
