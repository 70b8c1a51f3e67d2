//go:build !linux

package check

// diskWarning knows the kinds of disks on Linux alone.
func diskWarning(string) string { return "" }
