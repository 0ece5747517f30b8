package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// maxFrame bounds a client's frame; the demo only echoes small texts.
const maxFrame = 64 << 10

// Opcodes of RFC 6455 section 5.2.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

var errFrame = errors.New("not a frame the demo understands: one masked fragment of at most 64 KiB")

// frame is one whole WebSocket message.
type frame struct {
	op      byte
	payload []byte
}

// readFrame reads a client's frame, which is always masked (section 5.3).
func readFrame(r *bufio.Reader) (frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	final, masked := head[0]&0x80 != 0, head[1]&0x80 != 0
	size, err := readSize(r, head[1]&0x7f)
	if err != nil {
		return frame{}, err
	}
	if !final || !masked || size > maxFrame {
		return frame{}, errFrame
	}
	body := make([]byte, 4+size)
	if _, err := io.ReadFull(r, body); err != nil {
		return frame{}, err
	}
	key, payload := body[:4], body[4:]
	for i := range payload {
		payload[i] ^= key[i%4]
	}
	return frame{op: head[0] & 0x0f, payload: payload}, nil
}

// readSize reads the extended lengths 126 and 127.
func readSize(r *bufio.Reader, short byte) (uint64, error) {
	switch short {
	case 126:
		var long [2]byte
		_, err := io.ReadFull(r, long[:])
		return uint64(binary.BigEndian.Uint16(long[:])), err
	case 127:
		var long [8]byte
		_, err := io.ReadFull(r, long[:])
		return binary.BigEndian.Uint64(long[:]), err
	}
	return uint64(short), nil
}

// bytes is the frame as a server sends it: whole and unmasked.
func (f frame) bytes() []byte {
	out := []byte{0x80 | f.op}
	switch n := len(f.payload); {
	case n < 126:
		out = append(out, byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 127), uint64(n))
	}
	return append(out, f.payload...)
}

// closing is a close frame with a status code (section 7.4.1).
func closing(code uint16) frame {
	return frame{op: opClose, payload: binary.BigEndian.AppendUint16(nil, code)}
}
