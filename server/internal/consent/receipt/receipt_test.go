package receipt_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	formats "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"ekycconnect/server/internal/consent/receipt"
	"ekycconnect/server/internal/consent/translog/checkpoint"
)

const origin = "relay.example/v1/log"

// testLog is a log in memory, of receipts.
type testLog struct {
	t       testing.TB
	key     checkpoint.Key
	public  note.Verifier
	hashes  []tlog.Hash
	entries []receipt.Receipt
}

func newLog(t testing.TB, name string, b byte) *testLog {
	key, err := checkpoint.NewKey(name, bytes.Repeat([]byte{b}, 32))
	require.NoError(t, err)
	public, err := note.NewVerifier(key.Public)
	require.NoError(t, err)
	return &testLog{t: t, key: key, public: public}
}

func (l *testLog) read(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = l.hashes[index]
	}
	return found, nil
}

func (l *testLog) add(n int) {
	for range n {
		i := len(l.entries)
		notice := []byte(fmt.Sprintf(`["section",{"lang":"hi"},"सूचना %d"]`, i))
		sum := sha256.Sum256(notice)
		r := receipt.Receipt{
			Record: []byte(fmt.Sprintf(`{"record_id":"%d","notice_sha256":"%s"}`, i, hex.EncodeToString(sum[:]))),
			Notice: notice, Salt: sha256.Sum256([]byte{byte(i), byte(i >> 8)}),
		}
		entry := r.Entry()
		added, err := tlog.StoredHashes(int64(i), entry[:], tlog.HashReaderFunc(l.read))
		require.NoError(l.t, err)
		l.hashes, l.entries = append(l.hashes, added...), append(l.entries, r)
	}
}

func (l *testLog) root() tlog.Hash {
	root, err := tlog.TreeHash(int64(len(l.entries)), tlog.HashReaderFunc(l.read))
	require.NoError(l.t, err)
	return root
}

func (l *testLog) receipt(index int) receipt.Receipt {
	size := int64(len(l.entries))
	hashes, err := tlog.ProveRecord(size, int64(index), tlog.HashReaderFunc(l.read))
	require.NoError(l.t, err)
	signed, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: l.key.Name(), Size: size, Root: l.root()}, l.key)
	require.NoError(l.t, err)
	r := l.entries[index]
	r.Proof = formats.TLogProof{Index: uint64(index), Checkpoint: signed}
	for _, hash := range hashes {
		r.Proof.Hashes = append(r.Proof.Hashes, hash)
	}
	return r
}

func (l *testLog) file(index int) []byte {
	file, err := l.receipt(index).Marshal()
	require.NoError(l.t, err)
	return file
}

func TestAReceiptVerifiesAndIsReadAsItIsWritten(t *testing.T) {
	log := newLog(t, origin, 1)
	log.add(21)
	for i := range 21 {
		file := log.file(i)
		r, err := receipt.Verify(file, []note.Verifier{newLog(t, origin, 2).public, log.public})
		require.NoError(t, err)
		require.Equal(t, log.entries[i].Record, r.Record)
		require.Equal(t, log.entries[i].Notice, r.Notice)
		require.EqualValues(t, i, r.Index())
		require.EqualValues(t, 21, r.Size())
		require.Equal(t, origin, r.Origin())
		again, err := r.Marshal()
		require.NoError(t, err)
		require.Equal(t, file, again)
	}
}

func TestEveryFlippedBitOfAReceiptIsRefused(t *testing.T) {
	log := newLog(t, origin, 1)
	log.add(5)
	file := log.file(2)
	for i := range file {
		for bit := range 8 {
			file[i] ^= 1 << bit
			_, err := receipt.Verify(file, []note.Verifier{log.public})
			require.Error(t, err, "bit %d of byte %d, now %q", bit, i, file[i])
			file[i] ^= 1 << bit
		}
	}
	for i := range file {
		_, err := receipt.Verify(file[:i], []note.Verifier{log.public})
		require.ErrorIs(t, err, receipt.ErrForm, "cut off after %d bytes", i)
		_, err = receipt.Verify(append(append(append([]byte{}, file[:i]...), '\n'), file[i:]...), []note.Verifier{log.public})
		require.Error(t, err, "a line more at %d", i)
	}
}

func TestWhatIsWrongIsSaidInWords(t *testing.T) {
	log, other := newLog(t, origin, 1), newLog(t, "other.example/v1/log", 1)
	log.add(9)
	other.add(9)
	good := string(log.file(4))
	change := func(old, new string) string {
		changed := strings.Replace(good, old, new, 1)
		require.NotEqual(t, good, changed)
		return changed
	}
	exchanged := log.receipt(4)
	exchanged.Proof = log.receipt(5).Proof
	inPlaceOf, err := exchanged.Marshal()
	require.NoError(t, err)
	for name, row := range map[string]struct {
		file string
		err  error
		says string
	}{
		"a byte of the record":    {change(`"record_id":"4"`, `"record_id":"5"`), receipt.ErrAltered, "a byte of the record"},
		"a byte of the notice":    {change("सूचना 4", "सूचना 5"), receipt.ErrAltered, "the notice is not the one that the record names"},
		"another salt":            {change("salt "+good[strings.Index(good, "salt ")+5:][:4], "salt AAAA"), receipt.ErrAltered, "of the salt"},
		"a larger tree":           {change("\n9\n", "\n10\n"), receipt.ErrAltered, "the signature is not of these words"},
		"another place":           {change("index 4", "index 5"), receipt.ErrWrongIndex, "it says place 5, and the record stands at place 4"},
		"a place beyond":          {change("index 4", "index 9"), receipt.ErrWrongIndex, "the log had 9 entries"},
		"a place far beyond":      {change("index 4", "index 18446744073709551615"), receipt.ErrWrongIndex, "the log had 9 entries"},
		"another record's proof":  {string(inPlaceOf), receipt.ErrAltered, "do not fit together"},
		"another key's signature": {string(newSigned(t, log, newLog(t, origin, 2))), receipt.ErrWrongKey, "is signed with the key " + origin + "+"},
		"another log":             {string(other.file(4)), receipt.ErrOtherLog, `it is of the log "other.example/v1/log", and the key given is of the log "relay.example/v1/log"`},
		"another log's name":      {change("\n"+origin+"\n", "\nother.example/v1/log\n"), receipt.ErrAltered, "is signed by the log"},
		"an extra line":           {change("index 4", "extra AAAA\nindex 4"), receipt.ErrForm, "extra"},
		"an index with a zero":    {change("index 4", "index 04"), receipt.ErrForm, "spelt"},
		"carriage returns":        {strings.ReplaceAll(good, "\n", "\r\n"), receipt.ErrForm, "first line"},
		"a second signature":      {good + good[strings.LastIndex(good, "— "):], receipt.ErrForm, "canonical"},
		"two keys' signatures":    {string(twice(t, log)), receipt.ErrForm, "exactly one"},
		"a notice that is gone":   {good[:strings.Index(good, "notice ")] + good[strings.Index(good, "salt "):], receipt.ErrForm, "the line of the notice is missing"},
		"something else":          {"hello", receipt.ErrForm, "first line"},
		"no text":                 {"\xff" + good, receipt.ErrForm, "UTF-8"},
		"too long":                {good + strings.Repeat("x", 4<<20), receipt.ErrForm, "it has more than 4194304 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := receipt.Verify([]byte(row.file), []note.Verifier{log.public})
			require.ErrorIs(t, err, row.err)
			require.ErrorContains(t, err, row.says)
		})
	}
}

// newSigned is a receipt of log, signed by the key of another.
func newSigned(t *testing.T, log, by *testLog) []byte {
	r := log.receipt(4)
	signed, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: origin, Size: int64(len(log.entries)), Root: log.root()}, by.key)
	require.NoError(t, err)
	r.Proof.Checkpoint = signed
	file, err := r.Marshal()
	require.NoError(t, err)
	return file
}

// twice is a receipt's text with two good signatures.
func twice(t *testing.T, log *testLog) []byte {
	r := log.receipt(4)
	signed, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: origin, Size: int64(len(log.entries)), Root: log.root()},
		log.key, newLog(t, origin, 2).key)
	require.NoError(t, err)
	file := log.file(4)
	return append(file[:bytes.Index(file, r.Proof.Checkpoint)], signed...)
}

func TestWhatCannotBeReadBackIsNotWritten(t *testing.T) {
	log := newLog(t, origin, 1)
	log.add(3)
	for name, spoil := range map[string]func(*receipt.Receipt){
		"a record of two lines":    func(r *receipt.Receipt) { r.Record = []byte("{\n}") },
		"a record that is no JSON": func(r *receipt.Receipt) { r.Record = []byte("record") },
		"a notice of two lines":    func(r *receipt.Receipt) { r.Notice = []byte("a\nb") },
		"no notice":                func(r *receipt.Receipt) { r.Notice = nil },
		"no checkpoint":            func(r *receipt.Receipt) { r.Proof.Checkpoint = nil },
		"extra data":               func(r *receipt.Receipt) { r.Proof.ExtraData = []byte{} },
	} {
		r := log.receipt(1)
		spoil(&r)
		_, err := r.Marshal()
		require.ErrorIs(t, err, receipt.ErrForm, name)
	}
}

// Another implementation of RFC 6962 takes every proof, and the roots agree.
func TestProofsOfEverySizeVerifyElsewhere(t *testing.T) {
	log := newLog(t, origin, 1)
	for size := 1; size <= 2000; size++ {
		log.add(1)
		root := log.root()
		// Each place that is on an edge, and a few in between.
		places := map[int]bool{0: true, size - 1: true, size / 2: true, size / 3: true, size * 7 / 11: true}
		for bit := 1; bit < size; bit *= 2 {
			places[bit], places[bit-1] = true, true
		}
		for index := range places {
			hashes, err := tlog.ProveRecord(int64(size), int64(index), tlog.HashReaderFunc(log.read))
			require.NoError(t, err)
			path := make([][]byte, len(hashes))
			for i := range hashes {
				path[i] = hashes[i][:]
			}
			entry := log.entries[index].Entry()
			leaf := rfc6962.DefaultHasher.HashLeaf(entry[:])
			require.NoError(t, proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(size), leaf, path, root[:]),
				"place %d of %d", index, size)
		}
		for _, earlier := range []int{1, size / 2, size / 3, size - 1, size} {
			if earlier == 0 {
				continue
			}
			then, err := tlog.TreeHash(int64(earlier), tlog.HashReaderFunc(log.read))
			require.NoError(t, err)
			hashes, err := tlog.ProveTree(int64(size), int64(earlier), tlog.HashReaderFunc(log.read))
			require.NoError(t, err)
			path := make([][]byte, len(hashes))
			for i := range hashes {
				path[i] = hashes[i][:]
			}
			require.NoError(t, proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(earlier), uint64(size), path, then[:], root[:]),
				"%d in %d", earlier, size)
		}
	}
}

func FuzzParse(f *testing.F) {
	log := newLog(f, origin, 1)
	log.add(3)
	f.Add(log.file(1))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := receipt.Parse(file)
		if err != nil {
			require.ErrorIs(t, err, receipt.ErrForm)
			return
		}
		again, err := r.Marshal()
		require.NoError(t, err)
		require.Equal(t, file, again)
	})
}
