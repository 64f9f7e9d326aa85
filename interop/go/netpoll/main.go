// netpoll: CloudWeGo netpoll's LinkBuffer, for the buffer bench. Reads requests, one JSON object a line, and answers each with one:
//
//	{"op": "binary", "size": 512, "n": 100000}  ->  {"ns": 12345678, "sum": 26214400}
//
// An operation writes `size` bytes, flushes, reads them back as one piece and releases them. The sum of the lengths read shows that it did.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/cloudwego/netpoll"
)

type request struct {
	Op   string `json:"op"`
	Size int    `json:"size"`
	N    int    `json:"n"`
}

type reply struct {
	NS      int64  `json:"ns"`
	Sum     int    `json:"sum"`
	Version string `json:"version"`
	Error   string `json:"error,omitempty"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var req request
		if err := json.Unmarshal(in.Bytes(), &req); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		answer, err := run(req)
		if err != nil {
			answer.Error = err.Error()
		}
		if err := out.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func run(req request) (reply, error) {
	answer := reply{Version: version()}
	if req.Op == "version" {
		return answer, nil
	}
	source := make([]byte, req.Size)
	for i := range source {
		source[i] = byte(i)
	}
	buffer := netpoll.NewLinkBuffer()
	start := time.Now()
	for i := 0; i < req.N; i++ {
		switch req.Op {
		case "malloc":
			room, err := buffer.Malloc(req.Size)
			if err != nil {
				return answer, err
			}
			room[0] = byte(i)
		case "binary":
			if _, err := buffer.WriteBinary(source); err != nil {
				return answer, err
			}
		default:
			return answer, fmt.Errorf("no such operation: %s", req.Op)
		}
		if err := buffer.Flush(); err != nil {
			return answer, err
		}
		piece, err := buffer.Next(req.Size)
		if err != nil {
			return answer, err
		}
		answer.Sum += len(piece)
		if err := buffer.Release(); err != nil {
			return answer, err
		}
	}
	answer.NS = time.Since(start).Nanoseconds()
	return answer, buffer.Close()
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, module := range info.Deps {
		if module.Path == "github.com/cloudwego/netpoll" {
			return module.Version
		}
	}
	return "unknown"
}
