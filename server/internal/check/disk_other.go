//go:build !linux

package main

// diskWarning knows the kinds of disks on Linux alone.
func diskWarning(string) string { return "" }
