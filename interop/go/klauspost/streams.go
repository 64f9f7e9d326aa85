package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/klauspost/compress/s2"
)

func writerOptions(r *request) []s2.WriterOption {
	var options []s2.WriterOption
	if r.Dialect == "snappy" {
		options = append(options, s2.WriterSnappyCompat())
	}
	switch {
	case r.Uncompressed:
		options = append(options, s2.WriterUncompressed())
	case r.Level == "better":
		options = append(options, s2.WriterBetterCompression())
	case r.Level == "best":
		options = append(options, s2.WriterBestCompression())
	}
	if r.BlockSize > 0 {
		options = append(options, s2.WriterBlockSize(r.BlockSize))
	}
	if r.Padding > 0 {
		options = append(options, s2.WriterPadding(r.Padding))
	}
	if r.Concurrency > 0 {
		options = append(options, s2.WriterConcurrency(r.Concurrency))
	}
	if r.Index {
		options = append(options, s2.WriterAddIndex())
	}
	if r.FlushOnWrite {
		options = append(options, s2.WriterFlushOnWrite())
	}
	return options
}

// writeStream writes the payload, in chunks where Chunk says so, with a skippable block after the first chunk where there is one.
func writeStream(r *request, payload []byte) ([]byte, error) {
	var out bytes.Buffer
	writer := s2.NewWriter(&out, writerOptions(r)...)
	chunk := len(payload)
	if r.Chunk > 0 {
		chunk = r.Chunk
	}
	skippable := r.Skippable
	for first := true; first || len(payload) > 0; first = false {
		part := payload[:min(chunk, len(payload))]
		payload = payload[len(part):]
		var err error
		if r.EncodeBuffer {
			err = writer.EncodeBuffer(part)
		} else {
			_, err = writer.Write(part)
		}
		if err != nil {
			return nil, err
		}
		if skippable != nil {
			// The original lets it overtake written data unless that is flushed.
			if err := writer.Flush(); err != nil {
				return nil, err
			}
			if err := writer.AddSkippableBlock(r.SkippableID, skippable); err != nil {
				return nil, err
			}
			skippable = nil
		}
	}
	err := writer.Close()
	return out.Bytes(), err
}

func readerOptions(r *request) []s2.ReaderOption {
	var options []s2.ReaderOption
	if r.MaxBlock > 0 {
		options = append(options, s2.ReaderMaxBlockSize(r.MaxBlock))
	}
	if r.IgnoreCRC {
		options = append(options, s2.ReaderIgnoreCRC())
	}
	return options
}

// readStream decodes the payload; with Offset it skips so many bytes first; with SkippableID it gives those blocks' contents instead.
func readStream(r *request, payload []byte) ([]byte, error) {
	reader := s2.NewReader(bytes.NewReader(payload), readerOptions(r)...)
	var skipped bytes.Buffer
	if r.SkippableID != 0 {
		if err := reader.SkippableCB(r.SkippableID, func(in io.Reader) error {
			_, err := io.Copy(&skipped, in)
			return err
		}); err != nil {
			return nil, err
		}
	}
	if r.Offset > 0 {
		if err := reader.Skip(r.Offset); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	var err error
	if r.Concurrency > 1 {
		_, err = reader.DecodeConcurrent(&out, r.Concurrency)
	} else {
		_, err = io.Copy(&out, reader)
	}
	if r.SkippableID != 0 {
		return skipped.Bytes(), err
	}
	return out.Bytes(), err
}

// readAt reads Length bytes at Offset through the index: the stream's own, or IndexBytes.
func readAt(r *request, payload []byte) ([]byte, error) {
	reader, err := s2.NewReader(bytes.NewReader(payload), readerOptions(r)...).ReadSeeker(true, r.IndexBytes)
	if err != nil {
		return nil, err
	}
	out := make([]byte, r.Length)
	n, err := reader.ReadAt(out, r.Offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return out[:n], err
}

// indexStream gives the index of a stream that has none.
func indexStream(_ *request, payload []byte) ([]byte, error) {
	return s2.IndexStream(bytes.NewReader(payload))
}

// indexJSON gives what an index holds. The payload is an index chunk, with its headers.
func indexJSON(_ *request, payload []byte) ([]byte, error) {
	var index s2.Index
	if _, err := index.Load(payload); err != nil {
		return nil, err
	}
	return index.JSON(), nil
}

type discard struct{ n int64 }

func (d *discard) Write(p []byte) (int, error) {
	d.n += int64(len(p))
	return len(p), nil
}

// benchStream writes (or, with Length set, reads) the payload N times through one writer or reader and gives {"ns", "bytes"}.
func benchStream(r *request, payload []byte) ([]byte, error) {
	var out discard
	start := time.Now()
	if r.Length == 0 {
		writer := s2.NewWriter(&out, writerOptions(r)...)
		for range r.N {
			if err := writer.EncodeBuffer(payload); err != nil {
				return nil, err
			}
		}
		if err := writer.Close(); err != nil {
			return nil, err
		}
	} else {
		reader := s2.NewReader(nil, readerOptions(r)...)
		for range r.N {
			reader.Reset(bytes.NewReader(payload))
			if _, err := io.Copy(&out, reader); err != nil {
				return nil, err
			}
		}
	}
	return json.Marshal(map[string]int64{"ns": time.Since(start).Nanoseconds(), "bytes": out.n})
}
