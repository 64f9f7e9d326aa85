// Command gomem runs gomem's allocators for the memory suite of bench: histories of allocate and free that the caller describes, one
// JSON request a line on standard input, one JSON answer a line on standard output. Built twice: with the tag twotree for
// its two balanced trees, without for its default tree.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"syscall"

	"github.com/langhuihui/gomem"
)

type request struct {
	// "ranges" or "buddy": fills an allocator with live ranges and keeps it under the id. "run": goes on with it.
	Op string `json:"op"`
	ID string `json:"id"`
	// Bytes that the allocator has; a buddy always has 512 MiB.
	Arena int `json:"arena"`
	// Ranges that are live at any time.
	Live int `json:"live"`
	// Sizes to draw from.
	Sizes []int `json:"sizes"`
	// Frees and allocations to do.
	N int `json:"n"`
}

type answer struct {
	// Processor time, not the clock's: on a busy machine whoever runs longer is stopped more often.
	Ns int64 `json:"ns"`
	// Sum of the sizes allocated in this run, so that both sides can show that they did the same.
	Sum   int64  `json:"sum"`
	Error string `json:"error,omitempty"`
}

// history is the same in bench/src/memory/history.ts.
type history struct {
	seed     uint32
	sizes    []int
	address  []int
	size     []int
	ranges   *gomem.Allocator
	buddy    *gomem.Buddy
	failures int
}

func (h *history) next() uint32 {
	h.seed = h.seed*1664525 + 1013904223
	return h.seed
}

func (h *history) allocate(size int) int {
	if h.buddy == nil {
		return h.ranges.Allocate(size)
	}
	offset, err := h.buddy.Alloc(size >> gomem.MinPowerOf2)
	if err != nil {
		return -1
	}
	return offset
}

func (h *history) fill(live int) {
	h.address = make([]int, live)
	h.size = make([]int, live)
	for i := range live {
		h.size[i] = h.sizes[(h.next()>>8)%uint32(len(h.sizes))]
		h.address[i] = h.allocate(h.size[i])
		if h.address[i] < 0 {
			h.failures++
		}
	}
}

func (h *history) runRanges(n int) (sum int64) {
	live, choices := uint32(len(h.address)), uint32(len(h.sizes))
	for range n {
		i := (h.next() >> 4) % live
		h.ranges.Free(h.address[i], h.size[i])
		size := h.sizes[(h.next()>>8)%choices]
		h.size[i] = size
		sum += int64(size)
		if h.address[i] = h.ranges.Allocate(size); h.address[i] < 0 {
			h.failures++
			return
		}
	}
	return
}

func (h *history) runBuddy(n int) (sum int64) {
	live, choices := uint32(len(h.address)), uint32(len(h.sizes))
	for range n {
		i := (h.next() >> 4) % live
		if h.buddy.Free(h.address[i]) != nil {
			h.failures++
			return
		}
		size := h.sizes[(h.next()>>8)%choices]
		h.size[i] = size
		sum += int64(size)
		offset, err := h.buddy.Alloc(size >> gomem.MinPowerOf2)
		if err != nil {
			h.failures++
			return
		}
		h.address[i] = offset
	}
	return
}

func main() {
	histories := map[string]*history{}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	decoder := json.NewDecoder(in)
	for {
		var r request
		if decoder.Decode(&r) != nil {
			return
		}
		var a answer
		switch h := histories[r.ID]; {
		case r.Op == "ranges" || r.Op == "buddy":
			h = &history{seed: 1, sizes: r.Sizes}
			if r.Op == "buddy" {
				h.buddy = gomem.NewBuddy()
			} else {
				h.ranges = gomem.NewAllocator(r.Arena)
			}
			h.fill(r.Live)
			histories[r.ID] = h
			a.Error = failed(h)
		case r.Op == "run" && h != nil:
			start := processorTime()
			if h.buddy != nil {
				a.Sum = h.runBuddy(r.N)
			} else {
				a.Sum = h.runRanges(r.N)
			}
			a.Ns = processorTime() - start
			a.Error = failed(h)
		default:
			a.Error = fmt.Sprintf("no such request: %s %s", r.Op, r.ID)
		}
		if out.Encode(a) != nil {
			return
		}
	}
}

func processorTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func failed(h *history) string {
	if h.failures == 0 {
		return ""
	}
	return fmt.Sprintf("%d allocations failed", h.failures)
}
