package release

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAReleaseComesBackAsItWasDeployed(t *testing.T) {
	was := App{
		Name: "voda", Services: []Service{{Name: "web", Port: 80, Replicas: 3, Health: Health{Kind: HealthHTTP, Path: "/up", Timeout: time.Minute}}},
		Routes: []Route{{Path: "/", To: "web", MaxBody: -1}},
		Site:   Site{Listen: []string{"80"}, TLS: &TLS{}, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, ErrorPages: map[int]string{502: "/sorry.html"}},
	}
	text, err := was.Deployed()
	if err != nil {
		t.Fatal(err)
	}
	now := App{Name: "voda", Dir: "/now", Services: []Service{{Name: "front", Port: 81, Replicas: 1}}, Policy: Policy{Keep: 7}}
	back, err := now.As(text)
	if err != nil {
		t.Fatal(err)
	}
	want := was
	want.Dir, want.Policy = now.Dir, now.Policy
	if diff := cmp.Diff(want, back, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if same, err := now.As(nil); err != nil || same.Services[0].Name != "front" {
		t.Errorf("without a shape it is %+v, %v", same, err)
	}
}
