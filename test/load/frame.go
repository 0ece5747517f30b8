package load

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
)

// Opcodes of RFC 6455 section 5.2, and the one status code that is used.
const (
	opText      = 0x1
	opClose     = 0x8
	closeNormal = "\x03\xe8" // 1000
)

// errFrame is a frame that neither side of this load sends.
var errFrame = errors.New("a frame that is not a short, whole one")

// frame is a short, whole WebSocket message; masked as a client must send it.
func frame(op byte, payload string, masked bool) []byte {
	out := []byte{0x80 | op, byte(len(payload))}
	if !masked {
		return append(out, payload...)
	}
	key := make([]byte, 4)
	rand.Read(key) // never fails (crypto/rand)
	out[1] |= 0x80
	out = append(out, key...)
	for i := range len(payload) {
		out = append(out, payload[i]^key[i%4])
	}
	return out
}

func readFrame(in *bufio.Reader) (op byte, payload string, err error) {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, "", err
	}
	size, masked := int(head[1]&0x7f), head[1]&0x80 != 0
	if head[0]&0x80 == 0 || size > 125 {
		return 0, "", errFrame
	}
	var key [4]byte
	if masked {
		if _, err := io.ReadFull(in, key[:]); err != nil {
			return 0, "", err
		}
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(in, body); err != nil {
		return 0, "", err
	}
	for i := range body {
		body[i] ^= key[i%4]
	}
	return head[0] & 0x0f, string(body), nil
}

// accept is the handshake's answer to a key (section 1.3).
func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
