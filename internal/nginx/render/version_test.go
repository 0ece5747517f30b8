package render

import (
	"fmt"
	"strings"
	"testing"
)

func TestVersionsAreToldApart(t *testing.T) {
	for text, want := range map[string]string{
		"":                "rejects false, http2 false, keeps false",
		"nonsense":        "rejects false, http2 false, keeps false",
		"1.18.0":          "rejects false, http2 false, keeps false",
		"1.18.0 (Ubuntu)": "rejects false, http2 false, keeps false",
		"1.19.3":          "rejects false, http2 false, keeps false",
		"1.19.4":          "rejects true, http2 false, keeps false",
		"1.22.1":          "rejects true, http2 false, keeps false",
		"1.25.0":          "rejects true, http2 false, keeps false",
		"1.25.1":          "rejects true, http2 true, keeps false",
		"1.27.3":          "rejects true, http2 true, keeps false",
		"1.27.4":          "rejects true, http2 true, keeps true",
		"1.27.4.1":        "rejects true, http2 true, keeps true", // OpenResty's
		"1.28.0":          "rejects true, http2 true, keeps true",
		"1.9.15":          "rejects false, http2 false, keeps false", // nine comes before eighteen
		"2.0.0":           "rejects true, http2 true, keeps true",
	} {
		v := ParseVersion(text)
		if got := fmt.Sprintf("rejects %t, http2 %t, keeps %t", v.since(rejectsHandshakes), v.since(namesHTTP2), v.KeepsConnections()); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestOnlyAnNginxThatKeepsConnectionsIsToldTo(t *testing.T) {
	for text, keeps := range map[string]bool{"1.27.3": false, "1.27.4": true} {
		out, err := Site(version(input(t), text))
		if err != nil {
			t.Fatal(err)
		}
		site := string(out.Text)
		if strings.Contains(site, "keepalive_min_timeout 75s;") != keeps || strings.Contains(site, ClosingFlag("/var/lib/teal", "standalone")) == keeps {
			t.Errorf("%s gets\n%s", text, site)
		}
	}
}
