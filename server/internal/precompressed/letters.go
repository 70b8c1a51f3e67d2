package precompressed

// What an answer has of its own is mostly a sealed value, whose letters hold 6 bits
// each. A block of brotli with a code of their own, the same for every answer,
// spends just these 6 on a letter: RFC 7932 §9.2.

// letters are base64url, the dots of a sealed value, and what closes a text and an
// object of JSON. Their codes take 6 bits; of the first six 7, or there were not enough.
const letters = `"}.-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz`

// A block of letters is one command that inserts them all. An insert length has a
// code by its range; these are those for 130 to 22,593 letters.
var inserts = []struct{ base, extra uint }{{130, 6}, {194, 7}, {322, 8}, {578, 9}, {1090, 10}, {2114, 12}, {6210, 14}}

const (
	firstInsert = 16 // the code of inserts[0]
	mostLetters = 6210 + 1<<14 - 1
)

// lengths describes the code lengths of the bytes from 0 to '}', in the code that
// brotli has for them: 0, 6 and 7 stand for themselves, 16 repeats the last one 3 to
// 6 times, 17 is 3 to 10 zeros; like ones one after the other multiply (§3.5).
var lengths = []struct{ symbol, more uint }{
	{17, 2}, {17, 7}, {7, 0}, // 34 zeros, "
	{17, 7}, {7, 0}, {7, 0}, {0, 0}, // 10 zeros, -, ., a zero
	{7, 0}, {6, 0}, {16, 0}, {16, 1}, {17, 4}, // 0, 1 to 9, 7 zeros
	{6, 0}, {16, 0}, {16, 0}, {16, 2}, {17, 1}, {7, 0}, {0, 0}, // A to Z, 4 zeros, _, a zero
	{6, 0}, {16, 0}, {16, 0}, {16, 2}, {0, 0}, {0, 0}, {7, 0}, // a to z, 2 zeros, }
}

// symbols are the codes of the symbols of lengths, as they are read.
var symbols = map[uint]struct{ code, size uint }{0: {0b00, 2}, 16: {0b10, 2}, 17: {0b01, 2}, 6: {0b011, 3}, 7: {0b111, 3}}

// codes are the codes of the letters, as they are read.
var codes = func() (codes [256]struct{ code, size uint }) {
	next := [...]uint{6: 0, 7: 61 << 1} // shorter codes first, each kind in the order of bytes
	for b := range '}' + 1 {
		for i, letter := range letters {
			if letter != b {
				continue
			}
			size := uint(6)
			if i < 6 {
				size = 7
			}
			for bit := range size {
				codes[b].code |= next[size] >> bit & 1 << (size - 1 - bit)
			}
			codes[b].size = size
			next[size]++
		}
	}
	return codes
}()

// onlyLetters reports whether b can be a block of letters, and is worth one.
func onlyLetters(b []byte) bool {
	for _, c := range b {
		if codes[c].size == 0 {
			return false
		}
	}
	return len(b) >= int(inserts[0].base) && len(b) <= mostLetters
}

// lettered appends a block of letters and the end of the whole.
func lettered(out, tail []byte) []byte {
	n := uint(len(tail))
	kind := len(inserts) - 1
	for n < inserts[kind].base {
		kind--
	}
	w := bits{out: out}
	w.add(0, 3) // not the last; four nibbles of length
	w.add(n-1, 16)
	w.add(0, 1+3+2+4+2+2) // compressed; one type of each kind, no direct distances, one code of each kind
	w.add(0, 2)           // the letters' code; of the code lengths 1, 2, 3, 4, 0, 5, 17, 6, 16, 7 these sizes:
	for _, size := range []uint{0, 0, 0, 0, 2, 0, 2, 3, 2, 3} {
		w.add(map[uint]uint{0: 0b00, 2: 0b011, 3: 0b10}[size], map[uint]uint{0: 2, 2: 3, 3: 2}[size])
	}
	for _, l := range lengths {
		w.add(symbols[l.symbol].code, symbols[l.symbol].size)
		switch l.symbol {
		case 16:
			w.add(l.more, 2)
		case 17:
			w.add(l.more, 3)
		}
	}
	w.add(1, 4) // a code of one symbol for commands: this insert, no copy
	w.add(448+uint(kind)*8, 10)
	w.add(1, 4+6) // and one for distances: none is read
	w.add(n-inserts[kind].base, inserts[kind].extra)
	for _, c := range tail {
		w.add(codes[c].code, codes[c].size)
	}
	w.add(3, 2) // the last, and empty
	w.add(0, 7) // up to a byte
	return w.out
}

// bits writes from the lowest bit of each byte on.
type bits struct {
	out     []byte
	rest, n uint
}

func (b *bits) add(value, size uint) {
	b.rest |= value << b.n
	for b.n += size; b.n >= 8; b.n -= 8 {
		b.out = append(b.out, byte(b.rest))
		b.rest >>= 8
	}
}
