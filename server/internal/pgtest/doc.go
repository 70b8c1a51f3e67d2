// Package pgtest runs real PostgreSQL servers for tests: those that are
// installed on this machine, in temporary directories, on ports of their
// own, as an unprivileged user also where the tests run as root.
//
// A test that wants a database calls [Database]; all tests of a process share one
// server. A test that stops, kills or promotes servers has its own by [Start].
// Whatever becomes of the process, its servers end with it and leave no files.
package pgtest
