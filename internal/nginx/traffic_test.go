package nginx

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

// traffic waits until nginx has logged so many requests: it logs
// after the client has its answer.
func (s *stage) traffic(requests int) release.Traffic {
	s.t.Helper()
	var t release.Traffic
	s.eventually("all requests are logged", func() bool {
		var err error
		t, err = s.r.Traffic(s.ctx, s.app, s.net)
		s.must(err)
		return t.Requests >= requests
	})
	return t
}

func TestTrafficIsCountedOnlyWhileItIsWatched(t *testing.T) {
	s := open(t)
	s.servedBy(release.Blue)
	s.must(s.r.Watch(s.ctx, s.app, true))
	s.servedBy(release.Blue)
	s.shift(release.Green)
	s.servedBy(release.Green)
	s.servedBy(release.Green)
	s.get("/no/such?secret=xyzzy")
	got := s.traffic(4)
	want := release.Traffic{
		Requests: 4,
		ByColor:  map[release.Color]int{release.Blue: 1, release.Green: 3},
		ByStatus: map[string]int{"2xx": 4},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.must(s.r.Watch(s.ctx, s.app, false))
	for range 10 { // what ends before the next begins would be in the log by then
		s.servedBy(release.Green)
	}
	if got := s.traffic(4); got.Requests != 4 {
		t.Errorf("unwatched, it counted %d requests more", got.Requests-4)
	}
	s.must(s.r.Watch(s.ctx, s.app, true)) // drops what was logged before
	s.servedBy(release.Green)
	if got := s.traffic(1); got.Requests != 1 {
		t.Errorf("counted %d requests, want 1", got.Requests)
	}
}

func TestTheTrafficLogHoldsNoSecrets(t *testing.T) {
	s := open(t)
	s.must(s.r.Watch(s.ctx, s.app, true))
	req := s.request(http.MethodGet, "/path-xyzzy?key=xyzzy", nil)
	req.Header.Set("Authorization", "xyzzy")
	req.Header.Set("User-Agent", "xyzzy")
	s.do(req)
	s.traffic(1)
	text, err := os.ReadFile(s.r.traffic("voda"))
	s.must(err)
	if strings.Contains(string(text), "xyzzy") {
		t.Errorf("logged: %s", text)
	}
}

func TestTrafficTellsLossesFromErrorsAndFailovers(t *testing.T) {
	s := open(t)
	s.must(s.r.Watch(s.ctx, s.app, true))
	s.blue.server.Close()
	s.servedBy(release.Green) // one failover
	s.green.stop()
	s.get("/color") // nobody is there
	got := s.traffic(2)
	want := release.Traffic{
		Requests: 2, ByColor: map[release.Color]int{release.Green: 1},
		ByStatus: map[string]int{"2xx": 1, "5xx": 1}, Lost: 1, Failover: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTrafficLinesAreJudged(t *testing.T) {
	s := setStage(t)
	blue, green := s.slot(release.Blue).String()+":80", s.slot(release.Green).String()+":80"
	type counts struct{ Lost, Errors, Failover, Gone int }
	for name, c := range map[string]struct {
		line string
		want counts
	}{
		"answered":          {`"status":200,"upstream":"` + blue + `","header":"0.1"`, counts{}},
		"answered 502":      {`"status":502,"upstream":"` + blue + `","header":"0.1"`, counts{Errors: 1}},
		"nobody answered":   {`"status":502,"upstream":"` + blue + `, ` + green + `","header":"-, -"`, counts{Lost: 1}},
		"all left out":      {`"status":502,"upstream":"teal_voda_web_blue","header":"-"`, counts{Lost: 1}},
		"too late":          {`"status":504,"upstream":"` + blue + `","header":"-"`, counts{Lost: 1}},
		"the other color":   {`"status":200,"upstream":"` + blue + `, ` + green + `","header":"-, 0.2"`, counts{Failover: 1}},
		"another replica":   {`"status":200,"upstream":"` + blue + `, ` + blue + `","header":"-, 0.2"`, counts{}},
		"client gone":       {`"status":499,"upstream":"` + blue + `","header":"-"`, counts{Gone: 1}},
		"not passed on":     {`"status":413,"upstream":"","header":""`, counts{}},
		"half a line":       {`"status":200,"upst`, counts{}},
		"application error": {`"status":500,"upstream":"` + green + `","header":"0.0"`, counts{Errors: 1}},
	} {
		tr := release.Traffic{ByColor: map[release.Color]int{}, ByStatus: map[string]int{}}
		text := "{" + c.line + "}\n"
		if err := readTraffic(&tr, strings.NewReader(text), endsOf(s.app, s.net)); err != nil {
			t.Fatal(err)
		}
		if got := (counts{tr.Lost, tr.Errors, tr.Failover, tr.Gone}); got != c.want {
			t.Errorf("%s: counted %+v, want %+v", name, got, c.want)
		}
	}
}
