package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
)

func processors() int { return runtime.NumCPU() }

// machine names what the figures were taken on.
func machine(ctx context.Context) string {
	system, model := "", ""
	for line := range linesOf("/etc/os-release") {
		if name, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			system = strings.Trim(name, `"`)
		}
	}
	for line := range linesOf("/proc/cpuinfo") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	memory := ""
	for line := range linesOf("/proc/meminfo") {
		if value, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			var kilobytes float64
			_, _ = fmt.Sscan(value, &kilobytes)
			memory = fmt.Sprintf("%.0f GB", kilobytes/(1<<20))
			break
		}
	}
	kernel, _ := output(ctx, "uname", "-sr")
	return fmt.Sprintf("%s, %d cores, %s; %s, %s; %s", model, processors(), memory, system, kernel, runtime.Version())
}

// linesOf are the lines of a file; none if it is not there.
func linesOf(path string) func(func(string) bool) {
	text, _ := os.ReadFile(path)
	return func(yield func(string) bool) {
		for line := range strings.Lines(string(text)) {
			if !yield(strings.TrimSuffix(line, "\n")) {
				return
			}
		}
	}
}
