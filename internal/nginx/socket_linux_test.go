package nginx

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// dialled makes a listener and a connection to it of which one end has written
// more than the other reads, and only the other has keep-alive probes. Address
// and port are the listener's.
func dialled(t *testing.T, address string) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	ours, err := (&net.Dialer{KeepAlive: -1}).Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ours.Close() })
	theirs, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = theirs.Close() })
	if err := ours.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = ours.Write(make([]byte, 1<<20))
	}
	return netip.MustParseAddrPort(l.Addr().String())
}

// with are the sockets that have an end there, in order.
func with(at netip.AddrPort, list []socket) []socket {
	list = slices.DeleteFunc(list, func(s socket) bool { return s.local != at && s.remote != at })
	slices.SortFunc(list, func(a, b socket) int { return int(int64(a.inode) - int64(b.inode)) })
	return list
}

func TestTheKernelTellsOfSocketsWhatItWritesDown(t *testing.T) {
	ends := map[socketTable]netip.AddrPort{ipv4: dialled(t, "127.0.0.1:0"), ipv6: dialled(t, "[::1]:0")}
	states, unsent, probed := map[int]bool{}, false, false
	for table, at := range ends {
		told, err := table.told(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		written, err := socketsIn(procPath(os.Getpid(), table.file))
		if err != nil {
			t.Fatal(err)
		}
		told, written = with(at, told), with(at, written)
		if len(told) != 3 {
			t.Errorf("%s: %d sockets of three", table.file, len(told))
		}
		if diff := cmp.Diff(written, told, cmp.AllowUnexported(socket{}), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
			t.Errorf("%s (-written down +told):\n%s", table.file, diff)
		}
		for _, s := range told {
			states[s.state], unsent, probed = true, unsent || s.unsent, probed || s.probed
		}
	}
	if !states[stateListen] || !states[stateEstablished] || !unsent || !probed {
		t.Errorf("states %v, unsent %v, probed %v", states, unsent, probed)
	}
}

func TestSocketsOfManyPartsAreAllTold(t *testing.T) {
	const n = 1200 // 72 bytes each, and a part has 32 KiB at most
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range n {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if conn, err = l.Accept(); err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	list, err := ipv4.told(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, s := range list {
		if s.state == stateEstablished && s.remote.String() == l.Addr().String() {
			count++
		}
	}
	if count != n {
		t.Errorf("%d connections of %d", count, n)
	}
}
