// Recorder answers each request with the bytes that it got: what a backend sees
// is then in what the client sees.
package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

func main() {
	address := ":8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serve(c)
	}
}

// request is one as it came.
type request struct {
	head    string // the request line and the headers, with their line ends
	headers map[string]string
	body    string // a chunked one with its chunks
}

func serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		r, err := read(in)
		if err != nil {
			return
		}
		if strings.Contains(r.headers["connection"], "pgrade") && r.headers["upgrade"] != "" {
			fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: %s\r\nConnection: upgrade\r\n\r\n%s", r.headers["upgrade"], r.head)
			_, _ = io.CopyN(c, in, 5)
			return
		}
		if _, err := io.WriteString(c, answer(r)); err != nil || r.headers["connection"] == "close" {
			return
		}
	}
}

func read(in *bufio.Reader) (request, error) {
	r := request{headers: map[string]string{}}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return r, err
		}
		r.head += line
		if strings.TrimSpace(line) == "" {
			break
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			r.headers[strings.ToLower(name)] = strings.TrimSpace(value)
		}
	}
	if strings.Contains(r.headers["transfer-encoding"], "chunked") {
		return r, r.chunks(in)
	}
	size, err := strconv.Atoi(r.headers["content-length"])
	if err != nil {
		return r, nil
	}
	body := make([]byte, size)
	_, err = io.ReadFull(in, body)
	r.body = string(body)
	return r, err
}

// chunks keeps the content; where it was cut is nginx's own choice.
func (r *request) chunks(in *bufio.Reader) error {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(line), 16, 64)
		if err != nil {
			return err
		}
		part := make([]byte, size+2)
		if _, err := io.ReadFull(in, part); err != nil {
			return err
		}
		r.body += string(part[:size])
		if size == 0 {
			return nil
		}
	}
}

// answer does what the path asks for.
func answer(r request) string {
	body := r.head + r.body
	status, more := "200 OK", ""
	target := strings.Fields(r.head + " x x")[1]
	switch {
	case strings.Contains(target, "move-host"):
		status, more = "302 Found", "Location: http://"+r.headers["host"]+"/landed?x=1\r\n"
	case strings.Contains(target, "move-path"):
		status, more = "301 Moved Permanently", "Location: /a/relative/place\r\n"
	case strings.Contains(target, "move-deep"):
		status, more = "307 Temporary Redirect", "Location: http://"+r.headers["host"]+"/a/b/c\r\nRefresh: 5; url=http://"+r.headers["host"]+"/a/b/d\r\n"
	case strings.Contains(target, "lost"):
		status = "404 Not Found"
	case strings.Contains(target, "broken"):
		status = "500 Internal Server Error"
	case strings.Contains(target, "refused"):
		status = "403 Forbidden"
	case strings.Contains(target, "cookie"):
		more = "Set-Cookie: a=b; Path=/; HttpOnly\r\nSet-Cookie: c=d; Domain=backend.example\r\n"
	}
	if strings.HasPrefix(r.head, "HEAD ") { // its answer has no room for the record but in a header
		more += fmt.Sprintf("X-Record: %x\r\n", sha256.Sum256([]byte(body)))
		body = ""
	}
	if r.headers["connection"] == "close" {
		more += "Connection: close\r\n"
	}
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: text/plain\r\n%sContent-Length: %d\r\n\r\n%s", status, more, len(body), body)
}
