//go:build unix

package main

import "syscall"

// noCore keeps the kernel from writing the memory, with its keys and letters, to a
// disk when the program crashes. Where that cannot be, nothing else can be done.
func noCore() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}
