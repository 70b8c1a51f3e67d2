// Package translog is a transparency log: an append-only RFC 6962 Merkle tree over
// 32-byte entries, whose size and root are signed as C2SP checkpoints. It knows the
// entries as hashes and nothing of what they are hashes of.
//
// A [Log] keeps no rows. Its owner keeps them in a store and writes entries in
// transactions of its own: [Log.Append] returns what such a transaction must write
// beside the entries (leaves, the new signed checkpoint), and [Log.Committed] is
// told once it is durable. So every committed entry is covered by the newest
// checkpoint. Several processes may append to one store, one transaction after the
// other: each follows what the others wrote.
//
// The log is served as C2SP tlog-tiles (https://c2sp.org/tlog-tiles). A store that
// was replaced by an older copy of itself is noticed by the newest published
// checkpoint and by the anchor, a file with the newest checkpoint outside the
// store: then nothing is appended until an operator has decided, see [ErrStopped].
package translog
