package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/snappy/xerial"
)

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == "github.com/klauspost/compress" {
			return dependency.Version
		}
	}
	return "unknown"
}

type codec = func(dst, src []byte) []byte

func encoder(r *request) (codec, error) {
	if r.Dict != nil {
		d := s2.NewDict(r.Dict)
		if d == nil {
			return nil, errors.New("not a dictionary")
		}
		return map[string]codec{"fast": d.Encode, "better": d.EncodeBetter, "best": d.EncodeBest}[r.Level], nil
	}
	byName := map[string]codec{
		"s2/fast": s2.Encode, "s2/better": s2.EncodeBetter, "s2/best": s2.EncodeBest,
		"snappy/fast": s2.EncodeSnappy, "snappy/better": s2.EncodeSnappyBetter, "snappy/best": s2.EncodeSnappyBest,
	}
	encode, ok := byName[r.Dialect+"/"+r.Level]
	if !ok {
		return nil, fmt.Errorf("no encoder %s/%s", r.Dialect, r.Level)
	}
	return encode, nil
}

func decoder(r *request) (func(dst, src []byte) ([]byte, error), error) {
	if r.Dict != nil {
		d := s2.NewDict(r.Dict)
		if d == nil {
			return nil, errors.New("not a dictionary")
		}
		return d.Decode, nil
	}
	if r.Dialect == "snappy" {
		return snappy.Decode, nil
	}
	return s2.Decode, nil
}

func encodeBlock(r *request, payload []byte) ([]byte, error) {
	encode, err := encoder(r)
	if err != nil {
		return nil, err
	}
	return encode(nil, payload), nil
}

func decodeBlock(r *request, payload []byte) ([]byte, error) {
	decode, err := decoder(r)
	if err != nil {
		return nil, err
	}
	return decode(nil, payload)
}

func estimate(_ *request, payload []byte) ([]byte, error) {
	return json.Marshal(s2.EstimateBlockSize(payload))
}

func concat(_ *request, payload []byte) ([]byte, error) {
	return s2.ConcatBlocks(nil, items(payload)...)
}

func makeDict(r *request, payload []byte) ([]byte, error) {
	d := s2.MakeDict(payload, r.SearchStart)
	if d == nil {
		return nil, errors.New("no dictionary can be made of that")
	}
	return d.Bytes(), nil
}

// The converter does not write the length that a block starts with.
func convertLZ4(r *request, payload []byte) ([]byte, error) {
	var converter s2.LZ4Converter
	convert := converter.ConvertBlock
	if r.Dialect == "snappy" {
		convert = converter.ConvertBlockSnappy
	}
	// It does not grow its destination. A byte of match length becomes 12 bytes of Snappy at most.
	body, n, err := convert(make([]byte, 0, 16*len(payload)+64), payload)
	if err != nil {
		return nil, err
	}
	return append(binary.AppendUvarint(nil, uint64(n)), body...), nil
}

func encodeXerial(r *request, payload []byte) ([]byte, error) {
	if r.Level == "better" {
		return xerial.EncodeBetter(nil, payload), nil
	}
	return xerial.Encode(nil, payload), nil
}

func decodeXerial(_ *request, payload []byte) ([]byte, error) {
	return xerial.Decode(payload)
}

// items splits a payload into its parts, each after its length as uint32 little-endian.
func items(payload []byte) [][]byte {
	var found [][]byte
	for len(payload) >= 4 {
		n := binary.LittleEndian.Uint32(payload)
		found = append(found, payload[4:4+n])
		payload = payload[4+n:]
	}
	return found
}

// bench times N operations over the items in turn, into a destination that is large enough, and gives {"ns", "bytes"}: nanoseconds in
// all, and the size of all items' results together.
func bench(r *request, payload []byte) ([]byte, error) {
	sources := items(payload)
	longest := 0
	for _, source := range sources {
		longest = max(longest, len(source))
	}
	total := 0
	var run func(source []byte) int
	if r.Length == 0 {
		encode, err := encoder(r)
		if err != nil {
			return nil, err
		}
		dst := make([]byte, s2.MaxEncodedLen(longest))
		run = func(source []byte) int { return len(encode(dst, source)) }
	} else {
		decode, err := decoder(r)
		if err != nil {
			return nil, err
		}
		dst := make([]byte, r.Length)
		run = func(source []byte) int {
			out, err := decode(dst, source)
			if err != nil {
				panic(err)
			}
			return len(out)
		}
	}
	for _, source := range sources {
		total += run(source)
	}
	start := time.Now()
	at := 0
	for range r.N {
		run(sources[at])
		at++
		if at == len(sources) {
			at = 0
		}
	}
	ns := time.Since(start).Nanoseconds()
	return json.Marshal(map[string]int64{"ns": ns, "bytes": int64(total)})
}
