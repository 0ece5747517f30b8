package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"teal/internal/notify"
	"teal/test/slack"
)

// listener stands in for Slack, and for a webhook of one's own beside it. Like
// Slack it refuses a message whose blocks are not what Slack knows.
type listener struct {
	channel, hook *httptest.Server
	mu            sync.Mutex
	texts         []string // that the channel shows
	events, lines []string // that the webhook got, and what each says in a line
	faults        []string
}

const hookKey = "tealtest's key of the webhook"

func listen(t *testing.T) *listener {
	l := &listener{}
	l.channel = httptest.NewServer(l.heard(l.atSlack))
	l.hook = httptest.NewServer(l.heard(l.atWebhook))
	t.Cleanup(l.channel.Close)
	t.Cleanup(l.hook.Close)
	return l
}

// env is where teal finds both.
func (l *listener) env() []string {
	return []string{"SLACK_WEBHOOK=" + l.channel.URL, "HOOK_URL=" + l.hook.URL, "HOOK_KEY=" + hookKey}
}

// heard has a message looked at, and answers what it is told to.
func (l *listener) heard(look func(http.Header, []byte) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if refusal := look(r.Header, body); refusal != "" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, refusal)
		}
	})
}

func (l *listener) atSlack(_ http.Header, body []byte) string {
	if faults := slack.Faults(body); faults != nil {
		l.faults = append(l.faults, strings.Join(faults, ", ")+": "+string(body))
		return "invalid_blocks"
	}
	var m struct{ Text string }
	_ = json.Unmarshal(body, &m) // Slack has read it
	l.texts = append(l.texts, m.Text)
	return ""
}

func (l *listener) atWebhook(header http.Header, body []byte) string {
	sum := hmac.New(sha256.New, []byte(hookKey))
	sum.Write(body)
	if got := header.Get(notify.Signature); got != "sha256="+hex.EncodeToString(sum.Sum(nil)) {
		l.faults = append(l.faults, "signed "+got+": "+string(body))
		return "unsigned"
	}
	var m struct{ Event, Text string }
	if err := json.Unmarshal(body, &m); err != nil {
		l.faults = append(l.faults, err.Error()+": "+string(body))
		return "no JSON"
	}
	l.events, l.lines = append(l.events, m.Event), append(l.lines, m.Text)
	return ""
}

// heardAll checks that the webhook heard these events, in this order, that the
// channel shows a line for each, and that some say what is given.
func (l *listener) heardAll(t *testing.T, events []string, texts ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.faults {
		t.Errorf("refused: %s", f)
	}
	if diff := cmp.Diff(events, l.events); diff != "" {
		t.Errorf("the webhook heard (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(l.lines, l.texts); diff != "" {
		t.Errorf("Slack and the webhook heard (-webhook +Slack):\n%s", diff)
	}
	for _, want := range texts {
		if !slices.ContainsFunc(l.texts, func(text string) bool { return strings.Contains(text, want) }) {
			t.Errorf("Slack never heard %q: %q", want, l.texts)
		}
	}
}
