// Package machine says what figures depend on: the machine they were measured
// on, and what else it was doing meanwhile.
package machine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Machine is what figures depend on.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	System string `json:"system"`
	Kernel string `json:"kernel"`
	Disk   string `json:"disk"` // file system of the state root
	Nginx  string `json:"nginx"`
	Docker string `json:"docker"`
	Go     string `json:"go"`
}

func (m Machine) String() string {
	return fmt.Sprintf("%d × %s, %s, %s, Linux %s, %s, nginx %s, Docker %s, %s",
		m.Cores, m.CPU, m.Memory, m.System, m.Kernel, m.Disk, m.Nginx, m.Docker, m.Go)
}

// Describe tells of this machine; engine is its Docker's version.
func Describe(ctx context.Context, engine string) (Machine, error) {
	nginx, err := exec.CommandContext(ctx, "nginx", "-v").CombinedOutput()
	if err != nil {
		return Machine{}, err
	}
	_, version, _ := strings.Cut(strings.TrimSpace(string(nginx)), "nginx/")
	return Machine{
		CPU:    Field("/proc/cpuinfo", "model name", ":"),
		Cores:  runtime.NumCPU(),
		Memory: Field("/proc/meminfo", "MemTotal", ":"),
		System: strings.Trim(Field("/etc/os-release", "PRETTY_NAME", "="), `"`),
		Kernel: strings.TrimSpace(Read("/proc/sys/kernel/osrelease")),
		Disk:   disk(os.TempDir()),
		Nginx:  version,
		Docker: engine,
		Go:     runtime.Version(),
	}, nil
}

// Field is the first value of a key in a file of the system's.
func Field(file, key, sep string) string {
	for line := range strings.Lines(Read(file)) {
		if k, v, ok := strings.Cut(line, sep); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}

// Read is a file's text, "" where there is none: a description may have gaps.
func Read(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(text)
}

// disk is the file system under a folder, by the longest mount point above it.
func disk(dir string) string {
	found, longest := "unknown", ""
	for line := range strings.Lines(Read("/proc/self/mounts")) {
		f := strings.Fields(line)
		if len(f) < 3 || len(f[1]) < len(longest) || !strings.HasPrefix(dir+"/", strings.TrimSuffix(f[1], "/")+"/") {
			continue
		}
		longest, found = f[1], f[2]+" on "+f[0]
	}
	return found
}
