package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/moby/moby/client"
)

// base makes the image that all others begin with: Debian's smallest set of
// packages, as debootstrap puts it together.
func (y yard) base(ctx context.Context) error {
	if y.id(ctx, baseRef()) != "" {
		return nil
	}
	y.say("making " + baseRef() + " of Debian " + suite + " packages with debootstrap")
	began := time.Now()
	dir, err := os.MkdirTemp("", "teal-images-")
	if err != nil {
		return err
	}
	defer remove(context.WithoutCancel(ctx), dir)
	if err := bootstrap(ctx, dir, here(ctx)); err != nil {
		return fmt.Errorf("make %s: %w", baseRef(), err)
	}
	if err := y.take(ctx, dir); err != nil {
		return fmt.Errorf("import %s: %w", baseRef(), err)
	}
	y.say(fmt.Sprintf("%s made in %.1f s", baseRef(), time.Since(began).Seconds()))
	return y.forget(ctx, "base", baseRef())
}

// remove takes the tree away, which is root's, as is its removal. A debootstrap
// that was interrupted leaves /proc mounted in it, which is nobody's to remove.
func remove(ctx context.Context, dir string) {
	_ = root(ctx, nil, "umount", "--quiet", filepath.Join(dir, "proc"))
	_ = root(ctx, nil, "rm", "-rf", "--one-file-system", dir)
}

func bootstrap(ctx context.Context, dir string, a apt) error {
	if _, err := exec.LookPath("debootstrap"); err != nil {
		return errors.New("debootstrap is missing: script/setup installs it on Debian and Ubuntu, install it by hand elsewhere")
	}
	mirror := []string{"env", "http_proxy=" + a.proxy, "debootstrap", "--variant=minbase", suite, dir, usualMirror}
	if err := root(ctx, nil, mirror...); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"etc/apt/sources.list":                sources(),
		"etc/apt/apt.conf.d/90teal":           a.options + "APT::Install-Recommends \"false\";\nAcquire::Languages \"none\";\n",
		"etc/dpkg/dpkg.cfg.d/lean":            lean,
		"usr/sbin/policy-rc.d":                "#!/bin/sh\nexit 101\n", // packages start no services
		"etc/apt/apt.conf.d/91teal-no-backup": "Dir::Cache::pkgcache \"\";\nDir::Cache::srcpkgcache \"\";\n",
	} {
		if err := place(ctx, filepath.Join(dir, name), text); err != nil {
			return err
		}
	}
	return root(ctx, nil, "chmod", "755", filepath.Join(dir, "usr/sbin/policy-rc.d"))
}

// place writes a file of root's.
func place(ctx context.Context, name, text string) error {
	made, err := os.CreateTemp("", "teal-images-file-")
	if err != nil {
		return err
	}
	defer os.Remove(made.Name())
	_, err = made.WriteString(text)
	if err := errors.Join(err, made.Close()); err != nil {
		return err
	}
	return root(ctx, nil, "install", "-m", "644", made.Name(), name)
}

// dropped are the folders of which images have no use, as dpkg's lean
// configuration would have left them out.
var dropped = []string{
	"./dev/*", "./proc/*", "./sys/*", "./var/cache/apt/*.bin", "./var/cache/apt/archives/*.deb", "./var/lib/apt/lists/*", "./var/log/*.log",
	"./usr/share/doc/*", "./usr/share/man/*", "./usr/share/info/*", "./usr/share/locale/*", "./usr/share/i18n/*", "./usr/lib/*/gconv/*",
}

// take gives the tree to the engine while tar reads it.
func (y yard) take(ctx context.Context, dir string) error {
	args := []string{"tar", "--numeric-owner", "-C", dir}
	for _, pattern := range dropped {
		args = append(args, "--exclude="+pattern)
	}
	read, write := io.Pipe()
	go func() { write.CloseWithError(root(ctx, write, append(args, "-c", ".")...)) }()
	source := client.ImageImportSource{Source: read, SourceName: "-"}
	answer, err := y.docker.ImageImport(ctx, source, baseRef(), client.ImageImportOptions{
		Changes: []string{`ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8`},
	})
	read.CloseWithError(err) // a tar that nobody reads any more ends
	if err != nil {
		return err
	}
	defer answer.Close()
	return told(answer)
}

// root runs a command as root, with its output to out or, when it fails, in
// the error.
func root(ctx context.Context, out io.Writer, args ...string) error {
	if os.Getuid() != 0 {
		args = append([]string{"sudo", "-n"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var said tail
	cmd.Stdout, cmd.Stderr = out, &said
	if out == nil {
		cmd.Stdout = &said
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, said.text())
	}
	return nil
}
