// Package sqlite keeps the ledger in one SQLite file: DIR/ledger.db, with its
// write-ahead log beside it.
//
// A commit is on the disk when it returns: WAL mode with synchronous=FULL, which
// is read back from SQLite at the start and refused otherwise
// (https://www.sqlite.org/pragma.html#pragma_synchronous). One process serves a
// directory, which a lock on DIR/lock sees to. There is one writing
// connection; it is dropped after any failure and opened anew at the next
// transaction, so that what was wrong for a while (a full disk, a lock, a
// directory that was read-only) needs no restart.
package sqlite
