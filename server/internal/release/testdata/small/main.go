// A program of this module that uses another one, in place of the relay.
package main

import "golang.org/x/mod/semver"

func main() { println(semver.IsValid("v1.2.3")) }
