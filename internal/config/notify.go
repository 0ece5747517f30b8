package config

import (
	"regexp"
	"slices"

	"teal/internal/release"
)

// A webhook's address lets anybody write there who knows it. So teal.yaml says
// only where it lies, and a message about a value that may be one by mistake
// never shows it: terminals and CI logs are read by many.

// variableForm is a name that an environment variable can have anywhere.
var variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)

const noAddress = "%s: the address is a secret and has no place in this file: write {url_env: NAME} for an environment variable that holds it, or {url_file: PATH}"

func (d *draft) notifyKey() key {
	all := list(notice(d.app.Dir))
	all.shown = nil
	return set("notify", &d.app.Notify, hushed(all),
		"Who is told what becomes of deploys, in Slack or by a webhook. A deploy waits for none of them; its receipt says who could not be told.")
}

// hushed is a kind of mappings or lists that does not show a text given in
// its place.
func hushed[T any](k kind[T]) kind[T] {
	read := k.read
	k.read = func(v value) T {
		if v.is("!!str") {
			var none T
			v.refuse(noAddress, v.title())
			return none
		}
		return read(v)
	}
	return k
}

// unshown is a text that a message never shows; what ends the message.
func unshown(title string, form *regexp.Regexp, what string) kind[string] {
	k := matched(title, form, what)
	match := k.read
	k.read = func(v value) string {
		if v.is("!!str") && !form.MatchString(v.node.Value) {
			v.refuse("%s: what stands here is not %s", v.title(), what)
			return ""
		}
		return match(v)
	}
	return k
}

func variable() kind[string] {
	return unshown("name of a variable", variableForm, "the name of an environment variable: the address or secret itself has no place in this file")
}

// secretFile is a path that no message shows before it is known to be one.
func secretFile(dir string) kind[string] {
	k := unshown("path", besideForm, "a path of letters, digits and - . _ + /: the address or secret itself has no place in this file")
	match, path := k.read, beside(dir)
	k.read = func(v value) string {
		if match(v) == "" {
			return ""
		}
		return path.read(v)
	}
	return k
}

// notice is one of those who are told.
func notice(dir string) kind[release.Notify] {
	return hushed(object(release.Notify{}, func(n *release.Notify) []key { return noticeKeys(n, dir) }, checkNotice))
}

func noticeKeys(n *release.Notify, dir string) []key {
	slack, webhook := hushed(slackAddress(dir)), hushed(webhookAddress(dir))
	fill := func(k kind[release.Notify], as release.NotifyKind) func(value) {
		return func(v value) {
			to := k.read(v)
			n.Kind, n.URL, n.Key = as, to.URL, to.Key
		}
	}
	return []key{
		custom("slack", slack.schema, fill(slack, release.NotifySlack), "A channel of Slack's, by an incoming webhook."),
		custom("webhook", webhook.schema, fill(webhook, release.NotifyWebhook), "A program of yours: gets a JSON object by HTTP POST."),
		set("events", &n.Events, happenings(), "What it is told: `started`, `succeeded`, `failed`, `rolled back`, `cancelled`.").usually("everything"),
	}
}

func happenings() kind[[]release.Happening] {
	k := distinct(choice(same(release.Happenings...)...), func(h release.Happening) release.Happening { return h }, "%q")
	read := k.read
	k.read = func(v value) []release.Happening {
		if v.isList() && len(v.node.Content) == 0 {
			v.refuse("%s: the list is empty: leave events out for all of them", v.title())
		}
		return read(v)
	}
	return k
}

func slackAddress(dir string) kind[release.Notify] {
	return object(release.Notify{}, func(n *release.Notify) []key { return addressKeys(n, dir) }, checkAddress)
}

func webhookAddress(dir string) kind[release.Notify] {
	return object(release.Notify{}, func(n *release.Notify) []key {
		return append(addressKeys(n, dir),
			set("secret_env", &n.Key.Env, variable(), "The environment variable that holds the secret which each message is signed with."),
			set("secret_file", &n.Key.File, secretFile(dir), "The file that holds it; one of the two."),
		)
	}, checkAddress)
}

func addressKeys(n *release.Notify, dir string) []key {
	return []key{
		set("url_env", &n.URL.Env, variable(), "The environment variable that holds the URL, which is a secret."),
		set("url_file", &n.URL.File, secretFile(dir), "The file that holds the URL; one of the two."),
	}
}

func checkAddress(_ *release.Notify, v value) {
	given := func(keys ...string) int {
		return len(slices.DeleteFunc(keys, func(key string) bool { return !v.has(key) }))
	}
	switch given("url_env", "url_file") {
	case 0:
		v.refuse("%s: no address: write url_env: NAME or url_file: PATH", v.title())
	case 2:
		v.refuse("%s: two addresses: keep url_env or url_file", v.title())
	}
	if given("secret_env", "secret_file") == 2 {
		v.refuse("%s: two secrets: keep secret_env or secret_file", v.title())
	}
}

func checkNotice(_ *release.Notify, v value) {
	if v.has("slack") == v.has("webhook") {
		v.refuse("%s: write slack or webhook, one of them: {slack: {url_env: SLACK_WEBHOOK_URL}}", v.title())
	}
}
