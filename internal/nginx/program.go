package nginx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"teal/internal/release"
)

// program is an nginx binary and the paths it was built with (nginx -V).
type program struct {
	path     string // absolute
	version  string // "1.22.1"
	prefix   string
	conf     string
	pid      string
	errorLog string
	httpLog  string
	// authRequest: it knows auth_request
	authRequest bool
}

// commandLimit bounds one run of nginx: as a test, or to start.
const commandLimit = 20 * time.Second

// program finds the nginx program named in teal.yaml, or the usual one, and
// asks it how it was built.
func (r *Router) program(ctx context.Context, name string) (program, error) {
	path, err := find(name)
	if err != nil {
		return program{}, err
	}
	return r.asked(path, path, func() ([]byte, error) { return run(ctx, path, "-V") })
}

// asked asks the program at the path how it was built, unless what is kept
// under the key says so already.
func (r *Router) asked(key, path string, ask func() ([]byte, error)) (program, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b, ok := r.built[key]; ok {
		return b, nil
	}
	out, err := ask()
	if err != nil {
		return program{}, unusable(path, out, err)
	}
	b := parseBuild(string(out))
	if b.version == "" {
		return program{}, unusable(path, out, errors.New("it does not answer -V as nginx does"))
	}
	b.path = path
	r.built[key] = b
	return b, nil
}

// find looks in PATH and, since ordinary users often don't have it there, in
// /usr/sbin.
func find(name string) (string, error) {
	tries := []string{name}
	if name == "" {
		tries = []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"}
	}
	for _, try := range tries {
		if path, err := exec.LookPath(try); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", &release.Error{
		Code:   release.Unreachable,
		What:   "nginx is not installed",
		Detail: []string{"looked for " + strings.Join(tries, ", ")},
		Next:   "install it (Debian, Ubuntu: apt-get install nginx), or name the program in proxy.bin",
	}
}

func unusable(path string, out []byte, err error) error {
	return &release.Error{
		Code: release.Unreachable, What: "nginx cannot be run: " + path,
		Detail: lines(out), Next: "name a working nginx in proxy.bin", Err: err,
	}
}

var (
	versionForm = regexp.MustCompile(`(?m)^nginx version: \S+?/(\S+)`)
	optionForm  = regexp.MustCompile(`--([a-z-]+)=(?:'([^']*)'|(\S*))`)
)

// parseBuild reads what nginx -V prints. The defaults are those of nginx's
// auto/options.
func parseBuild(text string) program {
	options := map[string]string{}
	for _, m := range optionForm.FindAllStringSubmatch(text, -1) {
		options[m[1]] = m[2] + m[3]
	}
	b := program{prefix: options["prefix"]}
	if b.prefix == "" {
		b.prefix = "/usr/local/nginx"
	}
	path := func(option, usual string) string {
		if options[option] != "" {
			usual = options[option]
		}
		return under(b.prefix, usual)
	}
	b.conf = path("conf-path", "conf/nginx.conf")
	b.pid = path("pid-path", "logs/nginx.pid")
	b.errorLog = path("error-log-path", "logs/error.log")
	b.httpLog = path("http-log-path", "logs/access.log")
	b.authRequest = strings.Contains(text, "--with-http_auth_request_module")
	if m := versionForm.FindStringSubmatch(text); m != nil {
		b.version = m[1]
	}
	return b
}

// under resolves a path of nginx's config; "stderr" and "syslog:…" stay.
func under(dir, path string) string {
	if filepath.IsAbs(path) || path == "stderr" || strings.HasPrefix(path, "syslog:") {
		return path
	}
	return filepath.Join(dir, path)
}

// thrifty is in nginx's environment: its C library keeps freed memory at hand
// (mallopt(3)). nginx reads every map block with the help of a megabyte that it
// gives back; without this each is asked of the kernel anew, page by page, and
// of 4.4 seconds of processor that the configuration of 1,000 apps took to be
// read 3.4 were that. What the environment says already has precedence.
var thrifty = []string{"MALLOC_MMAP_THRESHOLD_=33554432", "MALLOC_TRIM_THRESHOLD_=33554432"}

// run runs nginx and returns what it prints on both outputs.
func run(ctx context.Context, path string, args ...string) ([]byte, error) {
	return runFor(ctx, commandLimit, path, args...)
}

// errSlow is a run that was ended since it took too long: it says nothing about
// what nginx was asked.
var errSlow = errors.New("it did not end in time")

func runFor(ctx context.Context, limit time.Duration, path string, args ...string) ([]byte, error) {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(within, path, args...)
	cmd.WaitDelay = time.Second // a daemon that keeps the pipe must not keep us
	cmd.Env = append(slices.Clone(thrifty), os.Environ()...)
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: it was given %s", errSlow, limit)
	}
	if err != nil {
		return out, fmt.Errorf("run %s %s: %w", path, strings.Join(args, " "), err)
	}
	return out, nil
}

// lines splits output into lines without empty ones.
func lines(out []byte) []string {
	var list []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}
