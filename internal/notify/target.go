package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"teal/internal/release"
)

// Signature is the header that signs a message for a webhook with a secret:
// sha256= and the HMAC-SHA256 of the body in hexadecimal.
const Signature = "X-Teal-Signature"

// target is one of those who are told. Its messages go out one after the
// other, so that started never comes after succeeded.
type target struct {
	release.Notify
	name   string
	url    string
	key    string
	broken error // why it has no address
	queue  chan Message
	told   int
	faults []missed
}

// missed is a message that didn't arrive, and why, in words of ours.
type missed struct {
	event  release.Happening
	reason string
}

func newTarget(to release.Notify, name string, environ []string) *target {
	t := &target{Notify: to, name: name, queue: make(chan Message, queued)}
	if t.url, t.broken = address(to.URL, environ); t.broken == nil && to.Key != (release.Secret{}) {
		t.key, t.broken = secret(to.Key, environ)
	}
	return t
}

func (t *target) wants(h release.Happening) bool {
	return t.Events == nil || slices.Contains(t.Events, h)
}

// take never waits: a queue that is full is an answer too.
func (t *target) take(m Message) {
	select {
	case t.queue <- m:
	default:
	}
}

func (t *target) work(ctx context.Context) {
	for m := range t.queue {
		if err := t.send(ctx, m); err != nil {
			t.faults = append(t.faults, missed{m.Event, err.Error()})
			continue
		}
		t.told++
	}
}

// reasons tells each reason once: started and failed: it refuses the connection.
func reasons(faults []missed) string {
	var b strings.Builder
	for i, f := range faults {
		b.WriteString(string(f.event))
		switch {
		case i+1 == len(faults):
			b.WriteString(": " + f.reason)
		case faults[i+1].reason == f.reason:
			b.WriteString(" and ")
		default:
			b.WriteString(": " + f.reason + "; ")
		}
	}
	return b.String()
}

// client follows no redirect: the message is for the address it was given. No
// connection is kept: a message that meets one which just closed would be lost.
var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true},
}

func (t *target) send(ctx context.Context, m Message) error {
	if t.broken != nil {
		return t.broken
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	body, err := m.encode(t.Kind)
	if err != nil {
		return errors.New("the message could not be written as JSON")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return errAddress
	}
	t.head(req, m, body)
	res, err := client.Do(req)
	if err != nil {
		return fault(ctx, err)
	}
	defer res.Body.Close()
	return verdict(res)
}

func (t *target) head(req *http.Request, m Message, body []byte) {
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "teal")
	if t.Kind == release.NotifyWebhook {
		req.Header.Set("X-Teal-Event", string(m.Event))
	}
	if t.key != "" {
		req.Header.Set(Signature, signature(t.key, body))
	}
}

func signature(key string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// verdict takes any 2xx for heard. Slack says in a word what it dislikes
// (invalid_blocks, no_service): that word is told, no other text is.
func verdict(res *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(res.Body, 200)) // only to say more
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode/100 == 3:
		return fmt.Errorf("it answered %d, and redirects are not followed", res.StatusCode)
	case slackWord.Match(text):
		return fmt.Errorf("it answered %d %s", res.StatusCode, text)
	}
	return fmt.Errorf("it answered %d", res.StatusCode)
}
