package config

import (
	"strings"
	"testing"
)

const leaked = "https://hooks.slack.com/services/T0/B0/tealtestsecret"

func told(lines string) string { return base + "notify:\n" + lines + "\n" }

func TestAnAddressThatStandsInTheFileIsRefusedAndNeverShown(t *testing.T) {
	folder(t, base)
	for _, line := range []string{
		"  - {slack: '" + leaked + "'}",
		"  - {webhook: '" + leaked + "'}",
		"  - '" + leaked + "'",
		"  - {slack: {url: '" + leaked + "'}}",
		"  - {slack: {url_env: '" + leaked + "'}}",
		"  - {slack: {url_file: '" + leaked + "'}}",
		"  - {webhook: {url_env: URL, secret_env: 'tealtestsecret!'}}",
		"  - {webhook: {url_env: URL, secret_file: 'tealtestsecret!'}}",
		"  '" + leaked + "'",
	} {
		write(t, "teal.yaml", told(line))
		_, err := Load("teal.yaml")
		all := strings.Join(problems(t, err), "\n")
		if all == "" {
			t.Errorf("%s was taken", line)
		}
		if strings.Contains(all, "tealtestsecret") {
			t.Errorf("the message shows the secret: %s", all)
		}
		if !strings.Contains(all, "url_env") && !strings.Contains(all, "has no place in this file") {
			t.Errorf("the message does not say what to write: %s", all)
		}
	}
}

func TestWhoIsToldIsOneAndHasOneAddress(t *testing.T) {
	folder(t, base)
	for line, want := range map[string]string{
		"  - {events: [failed]}":                                     "5:5: notify[0]: write slack or webhook, one of them: {slack: {url_env: SLACK_WEBHOOK_URL}}",
		"  - {slack: {url_env: A}, webhook: {url_env: B}}":           "5:5: notify[0]: write slack or webhook, one of them: {slack: {url_env: SLACK_WEBHOOK_URL}}",
		"  - {slack: {}}":                                            "5:13: notify[0].slack: no address: write url_env: NAME or url_file: PATH",
		"  - {slack: {url_env: A, url_file: b}}":                     "5:13: notify[0].slack: two addresses: keep url_env or url_file",
		"  - {slack: {url_env: A, secret_env: B}}":                   `5:26: unknown key "secret_env" in notify[0].slack: known are url_env, url_file`,
		"  - {webhook: {url_env: A, secret_env: B, secret_file: c}}": "5:15: notify[0].webhook: two secrets: keep secret_env or secret_file",
		"  - {slack: {url_env: A}, events: []}":                      "5:35: notify[0].events: the list is empty: leave events out for all of them",
		"  - {slack: {url_env: A}, events: [failed, failed]}":        `5:44: notify[0].events[1]: "failed" comes twice, first in line 5`,
		"  - {slack: {url_env: A}, events: [rolledback]}":            `5:36: notify[0].events[0]: "rolledback" is not known: did you mean "rolled back"?`,
		"  - {slack: {url_env: A}, event: [failed]}":                 `5:27: unknown key "event" in notify[0]: did you mean "events"?`,
		"  - {slack: {url_env: A}}\n  - {webhook: {}}":               "6:15: notify[1].webhook: no address: write url_env: NAME or url_file: PATH",
	} {
		write(t, "teal.yaml", told(line))
		_, err := Load("teal.yaml")
		if got := problems(t, err); len(got) == 0 || got[0] != "teal.yaml:"+want {
			t.Errorf("%s\ngot  %q\nwant %q", line, got, "teal.yaml:"+want)
		}
	}
}
