package notify

import (
	"errors"
	"strings"
	"testing"

	"teal/internal/release"
)

func TestWhatLooksLikeASecretIsTakenOut(t *testing.T) {
	m := NewMask([]string{"DB_PASSWORD=tealtestvalue", "PWD=/srv/shop", "PIN_TOKEN=abc", "EDITOR=vi"})
	for text, want := range map[string]string{
		"FATAL: password authentication failed":             "FATAL: password authentication failed",
		"with tealtestvalue in it":                          "with *** in it",
		"in /srv/shop, abc":                                 "in /srv/shop, abc",
		"postgres://shop:tealtest@db:5432/shop":             "postgres://***@db:5432/shop",
		"password=tealtest next":                            "password=*** next",
		`{"api_key": "tealtest", "port": 80}`:               `{"api_key": ***, "port": 80}`,
		"AWS_SECRET_ACCESS_KEY: tealtest":                   "AWS_SECRET_ACCESS_KEY: ***",
		"Authorization: Bearer tealtest.abc.def":            "Authorization: Bearer ***",
		"https://hooks.slack.com/services/T/B/tealtest !":   "https://hooks.slack.com/*** !",
		"ghp_tealtesttealtesttealtest0 leaked":              "*** leaked",
		"GET /healthz: 503, wrong key in redis, port=3000":  "GET /healthz: 503, wrong key in redis, port=3000",
		"http://127.0.0.1:3000/a@b is no user and password": "http://127.0.0.1:3000/a@b is no user and password",
	} {
		if got := m.Text(text); got != want {
			t.Errorf("%q\nbecomes %q\nwant    %q", text, got, want)
		}
	}
}

func TestAKeyOverSeveralLinesIsTakenOutWhole(t *testing.T) {
	e := &release.Error{
		Code: release.Gate, What: "it failed", Err: errors.New("token=tealtest"),
		Detail: []string{"before", "-----BEGIN RSA PRIVATE KEY-----", "tealtest", "-----END RSA PRIVATE KEY-----", "after"},
	}
	got := NewMask(nil).Error(e)
	all := got.What + " " + strings.Join(got.Detail, " ")
	if strings.Contains(all, "tealtest") || all != "it failed: token=*** before *** after" || got.Code != release.Gate {
		t.Errorf("it is %q", all)
	}
	if NewMask(nil).Error(nil) != nil {
		t.Error("no error became one")
	}
}
