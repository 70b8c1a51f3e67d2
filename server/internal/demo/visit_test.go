package demo

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAVisitIsKeptAsLongAsAConsentLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all visits
		v := &visit{}
		all.begin(v)
		time.Sleep(visitLife)
		require.Same(t, v, all.of(v.id))
		time.Sleep(time.Second)
		require.Nil(t, all.of(v.id))
		all.begin(&visit{})
		require.Len(t, all.all, 1, "what is over is let go")
	})
}

func TestVisitsAreBoundedAndTheOldestGoesFirst(t *testing.T) {
	var all visits
	var kept []*visit
	for i := range mostVisits + 1 {
		v := &visit{application: strconv.Itoa(i)}
		all.begin(v)
		kept = append(kept, v)
	}
	require.Len(t, all.all, mostVisits)
	require.Nil(t, all.of(kept[0].id))
	require.Same(t, kept[1], all.of(kept[1].id))
	require.Nil(t, all.of(""))
}
