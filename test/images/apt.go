package images

import (
	"context"
	"os/exec"
	"regexp"
	"strings"
)

const suite = "bookworm"

// usualMirror is Debian's own address, which leads to one nearby.
const (
	usualMirror   = "http://deb.debian.org/debian"
	usualSecurity = "http://deb.debian.org/debian-security"
)

// apt is how this machine reaches Debian's packages.
type apt struct {
	proxy   string // of plain HTTP, "" for none
	options string // what an image's own apt has to be told
}

// fact matches a line of "apt-config dump".
var fact = regexp.MustCompile(`(?m)^(Acquire::(?:http::Proxy|Check-Valid-Until|Check-Date)) "([^"]*)";$`)

// here reads this machine's configuration. One without apt uses the defaults.
func here(ctx context.Context) apt {
	dump, err := exec.CommandContext(ctx, "apt-config", "dump").Output()
	if err != nil {
		return apt{}
	}
	var a apt
	for _, m := range fact.FindAllStringSubmatch(string(dump), -1) {
		if m[1] == "Acquire::http::Proxy" {
			a.proxy = strings.TrimSuffix(m[2], "/")
			continue
		}
		// A machine whose clock is not its mirror's says so here.
		a.options += m[0] + "\n"
	}
	return a
}

// sources are the packages that images may take: one suite and its repairs.
func sources() string {
	return "deb " + usualMirror + " " + suite + " main\n" +
		"deb " + usualMirror + " " + suite + "-updates main\n" +
		"deb " + usualSecurity + " " + suite + "-security main\n"
}

// lean is dpkg's configuration: nothing that only people read, and no sync
// after each file, since a build that is cut short is thrown away.
const lean = `force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/i18n/*
path-exclude=/usr/share/lintian/*
path-exclude=/usr/lib/*/gconv/*
`
