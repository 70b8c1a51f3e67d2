package app

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// What the relay may hold, besides what it holds after its start, before the collector
// works harder: the first for all that few visitors need, the second for each
// connection that there may be. Who waits for the vendor holds about 27 KB (10 in
// buffers of net/http, 11 in stacks), so that near half of all connections may wait.
const (
	room     = 40 << 20
	roomEach = 12 << 10
)

// garbage is how much may lie below the limit, in percent of what is in use. Under load
// a session costs 6 % less of the processor than with Go's own 100.
const garbage = 200

// LimitMemory sets the runtime's soft limit, so that while many wait the collector does
// not let as much garbage lie as there is in use. Nothing is refused above it, and at
// most half of the processors' time goes into keeping it. env's GOMEMLIMIT and GOGC,
// the operator's own, come first; 0 connections, which stands for no bound, sets none.
func LimitMemory(connections int, env func(string) (string, bool)) {
	if _, set := env("GOMEMLIMIT"); set || connections == 0 {
		return
	}
	if _, set := env("GOGC"); !set {
		debug.SetGCPercent(garbage)
	}
	runtime.GC() // the start leaves much behind
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetMemoryLimit(int64(live[0].Value.Uint64()) + room + int64(connections)*roomEach)
}
