package check

import (
	"fmt"
	"path/filepath"
	"syscall"
)

// badDisks are kinds of file systems that a ledger must not be on, by what
// statfs(2) calls them.
var badDisks = map[int64]string{
	0x6969:     "NFS, a network disk",
	0xff534d42: "CIFS, a network disk",
	0xfe534d42: "SMB, a network disk",
	0x01021997: "9p, a disk of another machine",
	0x00c36400: "Ceph, a network disk",
	0x0bd00bd0: "Lustre, a network disk",
	0x5346414f: "AFS, a network disk",
	0x65735546: "FUSE, which may be a network disk",
	0x01021994: "tmpfs, which is memory and lost at a restart",
	0x794c7630: "a container's own layer, which is lost with the container",
}

// diskWarning says what is wrong with the disk of a directory, or of the nearest
// one above that is there; "" if nothing is.
func diskWarning(dir string) string {
	dir = filepath.Clean(dir)
	for {
		var stat syscall.Statfs_t
		err := syscall.Statfs(dir, &stat)
		above := filepath.Dir(dir)
		if err == syscall.ENOENT && above != dir {
			dir = above
			continue
		}
		if err != nil {
			return ""
		}
		return diskKind(dir, int64(uint32(stat.Type)))
	}
}

func diskKind(dir string, kind int64) string {
	what, bad := badDisks[kind]
	if !bad {
		return ""
	}
	return fmt.Sprintf("data: %s is on %s: locks and fsync may not hold there; put the ledger on a local disk", dir, what)
}
