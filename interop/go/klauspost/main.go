// klauspost: klauspost/compress/s2 behind a pipe, for the interop and bench suites. One process serves many requests.
//
// A request on stdin: the length of a JSON header (uint32 little-endian), the header, the payload's length (the same), the payload.
// The reply on stdout: a length and as many bytes; after a failure 0xffffffff, then the message's length and the message.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

const failed = 0xffffffff

// request is the header. Which fields matter depends on Op; see the handlers.
type request struct {
	Op      string `json:"op"`
	Dialect string `json:"dialect"`
	Level   string `json:"level"`
	// A dictionary as s2.Dict.Bytes gives it.
	Dict []byte `json:"dict"`
	// makeDict: what blocks typically start with.
	SearchStart []byte `json:"searchStart"`

	// Streams.
	BlockSize    int    `json:"blockSize"`
	Padding      int    `json:"padding"`
	Concurrency  int    `json:"concurrency"`
	Index        bool   `json:"index"`
	FlushOnWrite bool   `json:"flushOnWrite"`
	Uncompressed bool   `json:"uncompressed"`
	EncodeBuffer bool   `json:"encodeBuffer"`
	Chunk        int    `json:"chunk"`
	SkippableID  uint8  `json:"skippableId"`
	Skippable    []byte `json:"skippable"`
	MaxBlock     int    `json:"maxBlock"`
	IgnoreCRC    bool   `json:"ignoreCrc"`
	Offset       int64  `json:"offset"`
	Length       int64  `json:"length"`
	IndexBytes   []byte `json:"indexBytes"`

	// bench: operations in all, over the payload's items in turn.
	N int `json:"n"`
}

var handlers = map[string]func(*request, []byte) ([]byte, error){
	"version":     func(*request, []byte) ([]byte, error) { return []byte(version()), nil },
	"encode":      encodeBlock,
	"decode":      decodeBlock,
	"estimate":    estimate,
	"concat":      concat,
	"makeDict":    makeDict,
	"convertLZ4":  convertLZ4,
	"xerial":      encodeXerial,
	"unxerial":    decodeXerial,
	"write":       writeStream,
	"read":        readStream,
	"readAt":      readAt,
	"indexStream": indexStream,
	"indexJSON":   indexJSON,
	"bench":       bench,
	"benchStream": benchStream,
}

func readPart(in *bufio.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return nil, err
	}
	part := make([]byte, binary.LittleEndian.Uint32(size[:]))
	_, err := io.ReadFull(in, part)
	return part, err
}

func reply(out *bufio.Writer, result []byte, err error) {
	var size [4]byte
	if err != nil {
		binary.LittleEndian.PutUint32(size[:], failed)
		_, _ = out.Write(size[:])
		result = []byte(err.Error())
	}
	binary.LittleEndian.PutUint32(size[:], uint32(len(result)))
	_, _ = out.Write(size[:])
	_, _ = out.Write(result)
	_ = out.Flush()
}

func serve(header, payload []byte) (result []byte, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	var r request
	if err := json.Unmarshal(header, &r); err != nil {
		return nil, err
	}
	handler, ok := handlers[r.Op]
	if !ok {
		return nil, fmt.Errorf("no such op: %q", r.Op)
	}
	return handler(&r, payload)
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		header, err := readPart(in)
		if err == io.EOF {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		payload, err := readPart(in)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		result, err := serve(header, payload)
		reply(out, result, err)
	}
}
