package check

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckKnowsDisksThatAreNotForALedger(t *testing.T) {
	require.Contains(t, diskKind("/data", 0x6969), "data: /data is on NFS, a network disk")
	require.Contains(t, diskKind("/data", 0xff534d42), "put the ledger on a local disk")
	require.Empty(t, diskKind("/data", 0xef53), "ext4")
	require.Empty(t, diskKind("/data", 0x58465342), "XFS")
	require.NotPanics(t, func() { diskWarning(t.TempDir() + "/not/yet/there") })
}
