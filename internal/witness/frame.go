package witness

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// opcode is a WebSocket frame's kind (RFC 6455 section 5.2).
type opcode byte

const (
	opContinue opcode = 0x0
	opText     opcode = 0x1
	opBinary   opcode = 0x2
	opClose    opcode = 0x8
	opPing     opcode = 0x9
	opPong     opcode = 0xA
)

const (
	finBit  = 0x80
	maskBit = 0x80
)

// frameLimit is the largest payload that is read; an echo is no longer than
// what was sent.
const frameLimit = 1 << 20

// frame is one WebSocket frame.
type frame struct {
	fin     bool
	op      opcode
	payload []byte
}

// masked is a final frame as a client must send it (sections 5.2 and 5.3).
func masked(op opcode, payload []byte) []byte {
	out := []byte{finBit | byte(op)}
	switch n := len(payload); {
	case n < 126:
		out = append(out, maskBit|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, maskBit|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, maskBit|127), uint64(n))
	}
	key := make([]byte, 4)
	rand.Read(key) // never fails (crypto/rand)
	out = append(out, key...)
	for i, b := range payload {
		out = append(out, b^key[i%4])
	}
	return out
}

var errMaskedByServer = errors.New("the server masks its frames, which RFC 6455 forbids")

// readFrame reads a server's frame.
func readFrame(in *bufio.Reader) (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return frame{}, err
	}
	if head[1]&maskBit != 0 {
		return frame{}, errMaskedByServer
	}
	size, err := frameSize(in, head[1])
	if err != nil {
		return frame{}, err
	}
	f := frame{fin: head[0]&finBit != 0, op: opcode(head[0] & 0x0F), payload: make([]byte, size)}
	if _, err := io.ReadFull(in, f.payload); err != nil {
		return frame{}, fmt.Errorf("read frame: %w", err)
	}
	return f, nil
}

func frameSize(in *bufio.Reader, short byte) (uint64, error) {
	size, more := uint64(short), 0
	switch short {
	case 126:
		more = 2
	case 127:
		more = 8
	}
	if more > 0 {
		var long [8]byte
		if _, err := io.ReadFull(in, long[8-more:]); err != nil {
			return 0, err
		}
		size = binary.BigEndian.Uint64(long[:])
	}
	if size > frameLimit {
		return 0, fmt.Errorf("the server sent a frame of %d bytes", size)
	}
	return size, nil
}

// orderly reports whether a close frame ends a stream as it should: normal,
// going away, service restart, or without a code (RFC 6455 section 7.4.1, IANA
// WebSocket close codes).
func orderly(payload []byte) (code int, ok bool) {
	if len(payload) < 2 {
		return 0, true
	}
	code = int(binary.BigEndian.Uint16(payload))
	return code, code == 1000 || code == 1001 || code == 1012
}

// closeNormal is the payload of a close frame with code 1000.
var closeNormal = []byte{0x03, 0xE8}
