// klauspost-zstd: klauspost/compress/zstd behind a command, for the interop and bench suites.
//
//	klauspost-zstd compress   [options]   items on stdin -> frames on stdout
//	klauspost-zstd decompress [options]   frames on stdin -> items on stdout
//	klauspost-zstd bench      [options]   items on stdin; times -op decode or encode over them, prints the median ns of an item
//	klauspost-zstd header                 frames on stdin -> their headers as JSON, one item each
//
// Without -batch stdin is one item and stdout one result, and a failure ends the program with 1. With -batch both are sequences of
// items, each after its length as uint32 little-endian; a failure is the length 0xffffffff followed by the message as an item.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"
)

const failed = 0xffffffff

type settings struct {
	batch, stream, crc, single, lowMemory bool
	level, window, concurrency            int
	maxMemory                             uint64
	dict, rawDict                         string
	rawID                                 uint
	op                                    string
	ms, chunk                             int
}

func parse(arguments []string) settings {
	var s settings
	flags := flag.NewFlagSet("klauspost-zstd", flag.ExitOnError)
	flags.BoolVar(&s.batch, "batch", false, "sequences of items")
	flags.BoolVar(&s.stream, "stream", false, "use the streaming API")
	flags.IntVar(&s.chunk, "chunk", 0, "with -stream: write in chunks of so many bytes and flush after each")
	flags.IntVar(&s.level, "level", 2, "1 fastest, 2 default, 3 better, 4 best")
	flags.IntVar(&s.window, "window", 0, "window size in bytes")
	flags.BoolVar(&s.crc, "crc", true, "content checksum")
	flags.BoolVar(&s.single, "single", false, "single segment")
	flags.BoolVar(&s.lowMemory, "low-memory", false, "lower memory")
	flags.IntVar(&s.concurrency, "concurrency", 1, "concurrency")
	flags.Uint64Var(&s.maxMemory, "max-memory", 1<<31, "decoder: most bytes of output")
	flags.StringVar(&s.dict, "dict", "", "file of a trained dictionary")
	flags.StringVar(&s.rawDict, "raw-dict", "", "file of a raw content dictionary")
	flags.UintVar(&s.rawID, "raw-id", 0, "ID of the raw dictionary")
	flags.StringVar(&s.op, "op", "decode", "bench: decode or encode")
	flags.IntVar(&s.ms, "ms", 300, "bench: milliseconds a round")
	_ = flags.Parse(arguments)
	return s
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func file(path string) []byte {
	data, err := os.ReadFile(path)
	check(err)
	return data
}

func (s settings) encoder() *zstd.Encoder {
	options := []zstd.EOption{
		zstd.WithEncoderLevel(zstd.EncoderLevel(s.level)), zstd.WithEncoderCRC(s.crc), zstd.WithEncoderConcurrency(s.concurrency),
		zstd.WithLowerEncoderMem(s.lowMemory),
	}
	if s.single {
		options = append(options, zstd.WithSingleSegment(true))
	}
	if s.window > 0 {
		options = append(options, zstd.WithWindowSize(s.window))
	}
	if s.dict != "" {
		options = append(options, zstd.WithEncoderDict(file(s.dict)))
	}
	if s.rawDict != "" {
		options = append(options, zstd.WithEncoderDictRaw(uint32(s.rawID), file(s.rawDict)))
	}
	encoder, err := zstd.NewWriter(nil, options...)
	check(err)
	return encoder
}

func (s settings) decoder() *zstd.Decoder {
	options := []zstd.DOption{
		zstd.WithDecoderConcurrency(s.concurrency), zstd.WithDecoderMaxMemory(s.maxMemory), zstd.WithDecoderLowmem(s.lowMemory), zstd.IgnoreChecksum(!s.crc),
	}
	if s.window > 0 {
		options = append(options, zstd.WithDecoderMaxWindow(uint64(s.window)))
	}
	if s.dict != "" {
		options = append(options, zstd.WithDecoderDicts(file(s.dict)))
	}
	if s.rawDict != "" {
		options = append(options, zstd.WithDecoderDictRaw(uint32(s.rawID), file(s.rawDict)))
	}
	decoder, err := zstd.NewReader(nil, options...)
	check(err)
	return decoder
}

func (s settings) compress() func([]byte) ([]byte, error) {
	encoder := s.encoder()
	if !s.stream {
		return func(item []byte) ([]byte, error) { return encoder.EncodeAll(item, nil), nil }
	}
	return func(item []byte) ([]byte, error) {
		var out bytes.Buffer
		encoder.Reset(&out)
		for chunk := s.chunk; chunk > 0 && len(item) > chunk; item = item[chunk:] {
			if _, err := encoder.Write(item[:chunk]); err != nil {
				return nil, err
			}
			if err := encoder.Flush(); err != nil {
				return nil, err
			}
		}
		if _, err := encoder.Write(item); err != nil {
			return nil, err
		}
		err := encoder.Close()
		return out.Bytes(), err
	}
}

func (s settings) decompress() func([]byte) ([]byte, error) {
	decoder := s.decoder()
	if !s.stream {
		return func(item []byte) ([]byte, error) { return decoder.DecodeAll(item, nil) }
	}
	return func(item []byte) ([]byte, error) {
		if err := decoder.Reset(bytes.NewReader(item)); err != nil {
			return nil, err
		}
		return io.ReadAll(decoder)
	}
}

func header(item []byte) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(item); err != nil {
		return nil, err
	}
	return json.Marshal(h)
}

func readItem(in io.Reader) ([]byte, bool) {
	var length uint32
	if err := binary.Read(in, binary.LittleEndian, &length); err != nil {
		return nil, false
	}
	item := make([]byte, length)
	_, err := io.ReadFull(in, item)
	check(err)
	return item, true
}

func writeItem(out io.Writer, item []byte) {
	check(binary.Write(out, binary.LittleEndian, uint32(len(item))))
	_, err := out.Write(item)
	check(err)
}

func run(s settings, convert func([]byte) ([]byte, error)) {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	if !s.batch {
		item, err := io.ReadAll(in)
		check(err)
		result, err := convert(item)
		check(err)
		_, err = out.Write(result)
		check(err)
		return
	}
	for {
		item, more := readItem(in)
		if !more {
			return
		}
		result, err := convert(item)
		if err != nil {
			check(binary.Write(out, binary.LittleEndian, uint32(failed)))
			result = []byte(err.Error())
		}
		writeItem(out, result)
	}
}

// processorTime is what this process has had of the processors.
func processorTime() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// bench times passes over all items, into a reused destination, until -ms have gone, in batches of at least 200 us; it prints the
// median nanoseconds, of processor time, of one item.
func bench(s settings) {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	var items [][]byte
	for {
		item, more := readItem(in)
		if !more {
			break
		}
		items = append(items, item)
	}
	var out []byte
	encoder, decoder := s.encoder(), s.decoder()
	pass := func() {
		var err error
		for _, item := range items {
			if s.op == "encode" {
				out = encoder.EncodeAll(item, out[:0])
			} else {
				out, err = decoder.DecodeAll(item, out[:0])
				check(err)
			}
		}
	}
	pass()
	var figures []float64
	now := processorTime()
	end := now + time.Duration(s.ms)*time.Millisecond
	for len(figures) == 0 || now < end {
		passes := 0
		begin := now
		for passes == 0 || now-begin < 200*time.Microsecond {
			pass()
			passes++
			now = processorTime()
		}
		figures = append(figures, float64((now-begin).Nanoseconds())/float64(passes*len(items)))
	}
	sort.Float64s(figures)
	fmt.Println(figures[len(figures)/2])
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "klauspost-zstd compress|decompress|bench|header [options]")
		os.Exit(2)
	}
	s := parse(os.Args[2:])
	switch os.Args[1] {
	case "compress":
		run(s, s.compress())
	case "decompress":
		run(s, s.decompress())
	case "header":
		run(s, header)
	case "bench":
		bench(s)
	default:
		fmt.Fprintln(os.Stderr, "no such command:", os.Args[1])
		os.Exit(2)
	}
}
