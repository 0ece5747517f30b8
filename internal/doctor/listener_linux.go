package doctor

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// listening is the state of a socket in /proc/net/tcp (TCP_LISTEN in the
// kernel's include/net/tcp_states.h).
const listening = "0A"

// listener finds the process that keeps the address from being bound.
func listener(addr netip.AddrPort) (holder, bool) {
	var inodes []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != listening {
				continue
			}
			if local, ok := socketAddress(f[1]); ok && meet(local, addr) {
				inodes = append(inodes, f[9])
			}
		}
	}
	if len(inodes) == 0 {
		return holder{}, false
	}
	return holderOf(inodes), true
}

// socketAddress reads 0100007F:1F90: bytes in the machine's order by words of
// four, which is little-endian on every machine teal is built for.
func socketAddress(text string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(host)
	n, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil {
		return netip.AddrPort{}, false
	}
	for word := range slices.Chunk(b, 4) {
		slices.Reverse(word)
	}
	ip, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(ip, uint16(n)), ok
}

// holderOf finds the lowest process that has one of the sockets: the master
// before its workers.
func holderOf(inodes []string) holder {
	for _, pid := range processes() {
		links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		if err != nil {
			continue
		}
		for _, link := range links {
			target, err := os.Readlink(link)
			if err == nil && slices.Contains(inodes, strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")) {
				return holder{pid: pid, title: title(pid)}
			}
		}
	}
	return holder{}
}

func processes() []int {
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(filepath.Base(name)); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

func title(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.ReplaceAll(string(text), "\x00", " "))
}

// parent reads PPid of /proc/<pid>/status, 0 for a process that is gone.
func parent(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, "PPid:"); found {
			id, _ := strconv.Atoi(strings.TrimSpace(rest))
			return id
		}
	}
	return 0
}

// firstFree is the first port that everyone may bind (ip(7)).
func firstFree() uint16 {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if err != nil {
		return 1024
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 16)
	if err != nil {
		return 1024
	}
	return uint16(n)
}

// HostNginx reports whether an nginx of this machine runs with the usual
// configuration: not a container's, and not teal's own.
func HostNginx() bool {
	if _, err := os.Stat("/etc/nginx/nginx.conf"); err != nil {
		return false
	}
	mine, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return false
	}
	return slices.ContainsFunc(processes(), func(pid int) bool {
		t := title(pid)
		if !strings.HasPrefix(t, "nginx: master process") || strings.Contains(t, " -c ") && !strings.Contains(t, " -c /etc/nginx/nginx.conf") {
			return false
		}
		ns, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
		return err != nil || ns == mine // another user's can't be asked
	})
}
