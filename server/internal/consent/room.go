package consent

import "time"

const (
	// Room is how many bytes a store's readiness check writes: what recording a consent
	// writes, and some more (measured: up to 21 pages of 4 KiB in SQLite).
	Room = 96 << 10

	// ProofLasts is for how long a commit shows that the next one can be expected to
	// succeed: so readiness costs at most one write in that time, however often it is
	// asked for.
	ProofLasts = time.Second
)
