package notify

import (
	"strings"
	"testing"

	"teal/internal/release"
	"teal/test/slack"
)

// nasty is a failure with everything in it that Slack could stumble over.
func nasty(size int) *release.Error {
	line := strings.Repeat("<!channel> & ```ende``` \x1b[31m \u202e é ", size)
	return &release.Error{Code: release.Gate, What: line, Detail: strings.Split(strings.Repeat(line+"\n", 20), "\n"), State: line, Next: line}
}

func TestWhatSlackGetsKeepsItsFormatAndItsLimits(t *testing.T) {
	r := newReceiver(t)
	long := receipt(release.KindDeploy, release.OutcomeFailed)
	bare := receipt(release.KindDown, release.OutcomeFailed)
	bare.Release, bare.Clients, bare.Witness = 0, nil, nil
	wide := begun
	wide.Text, wide.By, wide.Hosts = strings.Repeat("&", 400), strings.Repeat("<", 3000), strings.Split(strings.Repeat("a.example ", 500), " ")
	ends := []Message{
		begun.Ended(receipt(release.KindDeploy, release.OutcomeDone), nil), begun.Ended(long, &outcry),
		begun.Ended(receipt(release.KindRollback, release.OutcomeDone), nil), begun.Ended(receipt(release.KindUndo, release.OutcomeDone), nil),
		begun.Ended(receipt(release.KindDeploy, release.OutcomeUndone), &release.Error{Code: release.Interrupted, What: "interrupted", State: "release 42 is live in blue, as before", Next: "teal deploy"}),
		begun.Ended(long, nasty(1)), begun.Ended(long, nasty(200)), begun.Ended(bare, &release.Error{What: "no"}),
		wide.Ended(receipt(release.KindRollback, release.OutcomeDone), nil),
	}
	if told := tell([]release.Notify{slackTarget()}, r.environ(), ends...); !told[0].OK || len(r.got) != len(ends)+1 {
		t.Fatalf("%v, %d came", told, len(r.got))
	}
	all := ""
	for i, got := range r.got {
		for _, f := range slack.Faults(got.body) {
			t.Errorf("message %d: %s", i, f)
		}
		all += string(got.body)
	}
	for _, want := range []string{"deploy shop: release 43 in green", "release 43 is out", "deploy of release 43 failed", "rolled back to release 43", "release 43 was cancelled"} {
		if !strings.Contains(all, want) {
			t.Errorf("no message tells %q", want)
		}
	}
}

func TestASlackMessageTellsWhatAPersonAsksFirst(t *testing.T) {
	r := newReceiver(t)
	tell([]release.Notify{slackTarget()}, r.environ(), begun.Ended(receipt(release.KindDeploy, release.OutcomeFailed), &outcry))
	text := string(r.got[1].body)
	for _, want := range []string{
		"shop: deploy of release 43 failed, green is live", "shop.example", "43, before 42", "me@here", "12.3s", "1000 requests, 1 lost",
		"300 requests, 2 lost", "web-green-1 never got healthy in 60s: connection refused", `\u0026lt;all\u0026gt; \u0026amp; any`, "password=***", "blue is live with release 42", "teal deploy",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not tell %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "tealtest") {
		t.Errorf("a secret is in it:\n%s", text)
	}
}
