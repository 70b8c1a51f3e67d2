package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ErrInUse says that another process has the directory, which may end.
var ErrInUse = errors.New("in use by another relay")

// lockDirectory makes dir this process's own for as long as the file is open;
// the kernel lets go of the lock when the process ends, however it ends.
func lockDirectory(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open the lock: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("sqlite: the directory %s is %w (it holds %s): stop that one, or give this one a data directory of its own", dir, ErrInUse, path)
	}
	return nil, fmt.Errorf("sqlite: lock %s: %w", path, err)
}
