package notify

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"teal/internal/release"
)

// maxSecret bounds a file with an address or a secret, in bytes.
const maxSecret = 4096

var errAddress = errors.New("its address is not a URL that begins with https:// or http://")

// address is a target's URL. What is wrong with it is told without it.
func address(where release.Secret, environ []string) (string, error) {
	text, err := secret(where, environ)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", errAddress
	}
	return text, nil
}

// secret reads an environment variable or a file. A line break at the end is
// not part of it.
func secret(where release.Secret, environ []string) (string, error) {
	if where.File != "" {
		return fromFile(where.File)
	}
	text := strings.TrimSpace(lookup(environ, where.Env))
	if text == "" {
		return "", fmt.Errorf("the variable %s is not set", where.Env)
	}
	return text, nil
}

// lookup takes the last of several, as the C library's and Go's own do for a
// child process.
func lookup(environ []string, name string) string {
	found := ""
	for _, pair := range environ {
		if value, is := strings.CutPrefix(pair, name+"="); is {
			found = value
		}
	}
	return found
}

func fromFile(path string) (string, error) {
	name := filepath.Base(path)
	// A pipe that nobody writes to would be waited for without end.
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("the file %s is not there, or no file", name)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the file %s can't be read", name)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return "", fmt.Errorf("the file %s can't be read", name)
	}
	if len(strings.TrimSpace(string(text))) == 0 {
		return "", fmt.Errorf("the file %s is empty", name)
	}
	return strings.TrimSpace(string(text)), nil
}
