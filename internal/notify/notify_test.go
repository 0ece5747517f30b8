package notify

import (
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"teal/internal/release"
)

func TestAWebhookHearsTheWholeDeploySignedAndInOrder(t *testing.T) {
	r := newReceiver(t)
	told := tell([]release.Notify{webhookTarget()}, r.environ(), begun.Ended(receipt(release.KindDeploy, release.OutcomeDone), nil))
	if diff := cmp.Diff([]release.Notified{{Target: "webhook", OK: true}}, told); diff != "" {
		t.Error(diff)
	}
	if len(r.got) != 2 {
		t.Fatalf("%d messages came, want 2", len(r.got))
	}
	for i, want := range []release.Happening{release.Started, release.Succeeded} {
		var m Message
		if err := json.Unmarshal(r.got[i].body, &m); err != nil {
			t.Fatal(err)
		}
		if m.Event != want || m.Release != 43 || m.By != "me@here" || m.Deploy != 7 {
			t.Errorf("message %d: %+v", i, m)
		}
		if got := r.got[i].header.Get(Signature); got != signature("tealtestkey", r.got[i].body) {
			t.Errorf("the signature of message %d is %q", i, got)
		}
	}
}

// The value is openssl's: printf '{"a":1}' | openssl dgst -sha256 -hmac key.
func TestASignatureIsTheHMACOfTheBody(t *testing.T) {
	const want = "sha256=88a67f24bbcdaed0e6c997404bb79a743baf44c6bab2f4c27328e3009d22e342"
	if got := signature("key", []byte(`{"a":1}`)); got != want {
		t.Errorf("got %s", got)
	}
}

func TestATargetHearsOnlyOfTheEventsItAskedFor(t *testing.T) {
	r := newReceiver(t)
	to := webhookTarget()
	to.Events = []release.Happening{release.Failed}
	if told := tell([]release.Notify{to}, r.environ(), begun.Ended(receipt(release.KindDeploy, release.OutcomeDone), nil)); told != nil || len(r.got) != 0 {
		t.Errorf("a success was told: %v, %d messages", told, len(r.got))
	}
	if told := tell([]release.Notify{to}, r.environ(), begun.Ended(receipt(release.KindDeploy, release.OutcomeFailed), &outcry)); len(told) != 1 || !told[0].OK || len(r.got) != 1 {
		t.Errorf("a failure was told as %v, %d messages", told, len(r.got))
	}
}

func TestEveryEndHasItsName(t *testing.T) {
	for _, tc := range []struct {
		kind    release.DeployKind
		outcome release.Outcome
		want    release.Happening
	}{
		{release.KindDeploy, release.OutcomeDone, release.Succeeded},
		{release.KindDeploy, release.OutcomeFailed, release.Failed},
		{release.KindDeploy, release.OutcomeUndone, release.Cancelled},
		{release.KindRollback, release.OutcomeDone, release.RolledBack},
		{release.KindRollback, release.OutcomeFailed, release.Failed},
		{release.KindUndo, release.OutcomeDone, release.Cancelled},
		{release.KindUndo, release.OutcomeFailed, release.Failed},
	} {
		m := begun.Ended(receipt(tc.kind, tc.outcome), nil)
		if m.Event != tc.want || !strings.HasPrefix(m.Text, "shop: ") || *m.Lost != 3 {
			t.Errorf("%s that is %s: %s, %q", tc.kind, tc.outcome, m.Event, m.Text)
		}
	}
}

// unheard is a target that takes nothing, and what End says of it.
func unheard(t *testing.T, name, url, want string) {
	t.Helper()
	told := tell([]release.Notify{webhookTarget()}, []string{"URL=" + url, "KEY=tealtestkey"}, begun.Ended(receipt(release.KindDeploy, release.OutcomeDone), nil))
	if diff := cmp.Diff([]release.Notified{{Target: "webhook", Error: want}}, told); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestATargetThatIsDownIsReportedWithoutItsAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String() + path
	l.Close()
	faulty := newReceiver(t)
	faulty.code, faulty.body = 500, "the address was "+path
	slackish := newReceiver(t)
	slackish.code, slackish.body = 403, "invalid_token"
	away := newReceiver(t)
	redirecting := httptest.NewServer(http.RedirectHandler(away.URL, http.StatusTemporaryRedirect))
	t.Cleanup(redirecting.Close)
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	unheard(t, "down", closed, "started and succeeded: it refuses the connection")
	unheard(t, "faulty", faulty.URL+path, "started and succeeded: it answered 500")
	unheard(t, "refusing", slackish.URL+path, "started and succeeded: it answered 403 invalid_token")
	unheard(t, "redirecting", redirecting.URL+path, "started and succeeded: it answered 307, and redirects are not followed")
	unheard(t, "untrusted", untrusted.URL+path, "started and succeeded: its certificate is not trusted")
	unheard(t, "nowhere", "http://tealtest.invalid"+path, "started and succeeded: its name can't be resolved")
	unheard(t, "no URL", "tealtest"+path, "started and succeeded: "+errAddress.Error())
	unheard(t, "a broken URL", "http://127.0.0.1:port"+path, "started and succeeded: "+errAddress.Error())
	unheard(t, "nothing", "", "started and succeeded: the variable URL is not set")
	if len(away.got) != 0 {
		t.Error("a redirect was followed")
	}
}

// A target that hangs must not be waited for without end, nor leave anything
// that runs; the one beside it hears all.
func TestATargetThatHangsIsGivenUpAndTheOthersAreToldAll(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	gone := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-gone }))
	defer slow.Close()
	defer close(gone)
	r := &receiver{code: 200}
	r.Server = httptest.NewServer(r)
	defer r.Close()
	hanging := webhookTarget()
	hanging.URL.Env = "SLOW"
	told := tell([]release.Notify{hanging, webhookTarget(), slackTarget()}, append(r.environ(), "SLOW="+slow.URL+path),
		begun.Ended(receipt(release.KindDeploy, release.OutcomeDone), nil))
	want := []release.Notified{
		{Target: "webhook 1", Error: "started and succeeded: no answer within 5s"}, {Target: "webhook 2", OK: true}, {Target: "slack", OK: true},
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	if len(r.got) != 4 {
		t.Errorf("%d messages came, want 4", len(r.got))
	}
}

func TestAnAddressCanLieInAFile(t *testing.T) {
	r := newReceiver(t)
	dir := t.TempDir()
	for name, tc := range map[string]struct{ text, want string }{
		"url":   {r.URL + path + "\n", ""},
		"empty": {"\n", "started: the file empty is empty"},
		"wrong": {"tealtestaddress", "started: " + errAddress.Error()},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		told := tell([]release.Notify{{Kind: release.NotifySlack, URL: release.Secret{File: filepath.Join(dir, name)}}}, nil)
		if len(told) != 1 || told[0].Error != tc.want {
			t.Errorf("%s: %v", name, told)
		}
	}
	for name, file := range map[string]string{"a folder": dir, "nothing": filepath.Join(dir, "nope")} {
		told := tell([]release.Notify{{Kind: release.NotifySlack, URL: release.Secret{File: file}}}, nil)
		if want := "started: the file " + filepath.Base(file) + " is not there, or no file"; told[0].Error != want {
			t.Errorf("%s: %v", name, told)
		}
	}
	if len(r.got) != 1 {
		t.Errorf("%d messages came, want 1", len(r.got))
	}
}

func TestALookTellsNobodyAndSaysWhoCannotBeTold(t *testing.T) {
	r := newReceiver(t)
	unset := webhookTarget()
	unset.Key = release.Secret{Env: "TEALTEST_UNSET"}
	got := Look([]release.Notify{slackTarget(), unset}, r.environ())
	want := []release.Notified{{Target: "slack", OK: true}, {Target: "webhook", Error: "the variable TEALTEST_UNSET is not set"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(r.got) != 0 {
		t.Errorf("%d messages came, want none", len(r.got))
	}
}
