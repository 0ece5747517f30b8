package compose

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

func prefix(text string) netip.Prefix { return netip.MustParsePrefix(text) }

func TestServicesStartAfterAllTheyDependOn(t *testing.T) {
	got := levels(map[string][]string{"web": {"back"}, "back": {"db", "elsewhere"}, "db": nil, "worker": {"db"}})
	want := [][]string{{"db"}, {"back", "worker"}, {"web"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestACircleOfDependenciesEnds(t *testing.T) {
	got := levels(map[string][]string{"a": {"b"}, "b": {"a"}, "c": nil})
	if diff := cmp.Diff([][]string{{"c"}, {"a", "b"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRoutesAreReadWithoutTheDefaultOne(t *testing.T) {
	const table = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0100000A	0003	0	0	0	00000000	0	0	0
eth0	0000000A	00000000	0001	0	0	0	0000FFFF	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
`
	want := []string{"10.0.0.0", "172.17.0.0"}
	var got []string
	for _, p := range parseRoutes(strings.NewReader(table)) {
		if p.Bits() != 16 {
			t.Errorf("%s has the wrong length", p)
		}
		got = append(got, p.Addr().String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestListenersAreNoEstablishedSockets(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:A1B2 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1
   1: 00000000:1F90 00000000:0000 0A 00000000
   2: 0100007F:0050 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1
`
	if got, want := listeners(table), []listener{{"0B00007F", 41394, "4711"}, {"00000000", 8080, ""}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAnImageRepositoryIsValidAndNeverShared(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"back", "Back", "back_end", "back-end", "back.end", "back-", "_"} {
		got := component(name)
		if other, taken := seen[got]; taken {
			t.Errorf("%s and %s share %s", name, other, got)
		}
		seen[got] = name
		if got == "" || notInComponent.ReplaceAllString(got, "-") != got || strings.HasSuffix(got, "-") {
			t.Errorf("%s becomes %q", name, got)
		}
	}
}

func TestOutputIsCutIntoLinesWithoutProgressBars(t *testing.T) {
	var got []string
	out := output(func(_ release.EventType, line string) { got = append(got, line) })
	for _, part := range []string{"Step 1", "/2 : FROM x\r\n", "10%\r20%\rdone\n", "\n", "\x1b[2Kdone\n", "last\n"} {
		if _, err := out.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"Step 1/2 : FROM x", "done", "last"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestALineThatNeverEndsIsToldInPieces(t *testing.T) {
	var got []int
	l := &lines{emit: func(line string) { got = append(got, len(line)) }}
	for range 5 {
		if _, err := l.Write(make([]byte, 40<<10)); err != nil {
			t.Fatal(err)
		}
	}
	l.flush()
	if diff := cmp.Diff([]int{80 << 10, 80 << 10, 40 << 10}, got); diff != "" {
		t.Error(diff)
	}
}
