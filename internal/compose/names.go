package compose

import (
	"fmt"
	"hash/crc32"
	"regexp"
	"strconv"
	"strings"

	"teal/internal/release"
)

// Labels of ours. A container belongs to an application if and only if its
// teal.app label says so; the project label alone proves nothing, since
// anyone can name a project.
const (
	labelApp     = "teal.app"
	labelColor   = "teal.color"
	labelRelease = "teal.release"
	labelService = "teal.service"
	labelReplica = "teal.replica"
	labelState   = "teal.state" // on the app's network: the state root the app is run from
	labelKeep    = "teal.keep"  // on keepers: the number of the release
	labelImage   = "teal.image" // on keepers: the ID of the image
)

// Keys of networks in the models.
const (
	defaultNetwork = "default"      // compose's own name for the network a service joins if it names none
	ownDefault     = "teal-default" // the user's default network, where the file gives it a name of its own
)

// projectOf is the compose project of a color, and of the shared services for
// None.
func projectOf(app string, c release.Color) string {
	if c == release.None {
		return app
	}
	return app + "-" + string(c)
}

// privateNetwork is the network that only one color's containers are in.
func privateNetwork(app string, c release.Color) string {
	return projectOf(app, c) + "_default"
}

// slotService is the compose service that runs a slot: back-green where there
// is one replica, else back-green-1 and so on.
func slotService(s release.Slot, replicas int) string {
	if replicas == 1 {
		return coloredName(s.Service, s.Color)
	}
	return s.String()
}

// coloredName is the one name under which a colored service is known outside
// its color.
func coloredName(service string, c release.Color) string {
	return service + "-" + string(c)
}

// builtImage is the name compose gives the image of a service that has a
// build section and names no image.
func builtImage(app, service string) string {
	return strings.ToLower(app + "-" + service)
}

// pinRepository is the image repository that holds a service's releases.
func pinRepository(app, service string) string {
	return pinPrefix(app) + component(service)
}

func pinPrefix(app string) string { return "teal/" + component(app) + "/" }

// pinTag keeps the image of a release from being pruned for as long as the
// release is in history.
func pinTag(app, service string, number int) string {
	return pinRepository(app, service) + ":" + strconv.Itoa(number)
}

var notInComponent = regexp.MustCompile(`[^a-z0-9]+`)

// component makes a path component of an image reference out of a name: lower
// case letters and digits, parts joined by single dashes
// (distribution/reference, path-component). A name that had to be changed
// gets its bytes' checksum, so that two names never share a repository.
func component(name string) string {
	clean := strings.Trim(notInComponent.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if clean == name {
		return name
	}
	sum := crc32.ChecksumIEEE([]byte(name))
	return strings.TrimPrefix(fmt.Sprintf("%s-%08x", clean, sum), "-")
}
