// Package sqlite keeps the ledger in one SQLite file: DIR/ledger.db, with its
// write-ahead log in the same directory.
//
// A commit is on the disk when it returns: WAL mode with synchronous=FULL, which
// is read back from SQLite at the start and refused otherwise
// (https://www.sqlite.org/pragma.html#pragma_synchronous). One process serves a
// directory, which a lock on DIR/lock sees to. There is one writing
// connection; it is closed after any failure, and the next transaction opens another,
// so that a passing fault (a full disk, a lock, a read-only directory) needs no
// restart.
package sqlite
