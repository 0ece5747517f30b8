package probe

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The table is a real one of a container on a little-endian machine, with
// Docker's resolver, a listener on loopback, one on all addresses, and a
// connection.
const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:A1B2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31337 1 0000000000000000 100 0 0 10 0
   1: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31338 1 0000000000000000 100 0 0 10 0
   2: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31339 1 0000000000000000 100 0 0 10 0
   3: 020011AC:1F90 010011AC:D431 01 00000000:00000000 00:00000000 00000000     0        0 31340 1 0000000000000000 20 4 30 10 -1
`

const table6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A
   2: 0000000000000000FFFF00000100007F:0052 00000000000000000000000000000000:0000 0A
`

func TestListenersAreReadFromTheKernelsTables(t *testing.T) {
	t.Parallel()
	got := append(parseListeners(table), parseListeners(table6)...)
	var words []string
	for _, a := range got {
		words = append(words, a.String())
	}
	want := []string{"127.0.0.1:3000", "0.0.0.0:8080", "[::]:80", "[::1]:81", "127.0.0.1:82"}
	if diff := cmp.Diff(want, words); diff != "" {
		t.Error(diff)
	}
	r := reachOf(got)
	if !slices.Equal(r.open, []int{80, 8080}) || !slices.Equal(r.loopback, []int{81, 82, 3000}) {
		t.Errorf("reach %+v", r)
	}
}

func TestOwnListenersAreFound(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got, err := listeners(os.Getpid())
	if err != nil || !slices.Contains(got, netip.MustParseAddrPort(l.Addr().String())) {
		t.Errorf("%v is not in %v (%v)", l.Addr(), got, err)
	}
}

func TestBrokenSocketTablesAreSkipped(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", "x", "0: zz:zz 0 0A", "0: 01:0050 0 0A", "0: 0100007F 0 0A", "0: :0050 0 0A"} {
		if got := parseListeners(line); len(got) != 0 {
			t.Errorf("%q gave %v", line, got)
		}
	}
}

func TestLimitsPrintAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Minute: "60s", 2 * time.Second: "2s", 700 * time.Millisecond: "700ms",
		2 * time.Minute: "2m", 150 * time.Second: "2m30s", time.Hour: "1h0m",
	} {
		if got := limit(d); got != want {
			t.Errorf("%d prints %s, want %s", d, got, want)
		}
	}
}
