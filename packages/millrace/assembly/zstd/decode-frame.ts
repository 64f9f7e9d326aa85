// Frames (RFC 8878 section 3.1): one after the other from a source that is whole, or step by step for a stream.

import { BLOCK_COMPRESSED, BLOCK_HEADER, MAX_BLOCK, REPEAT_1, REPEAT_2, REPEAT_3 } from "./constants";
import {
  BASE, BLOCK_MAX, CONSUMED, DICTIONARY, FAULT, FRAME_START, HASH, HASHING, HEADER, HISTORY_END, HISTORY_LENGTH, HUFFMAN, IN_FRAME,
  LITERALS_CAPACITY, LL_TABLE, MAX_OFFSET, ML_TABLE, OF_TABLE, PRODUCED, REPEAT, WINDOW, WITH_DICTIONARY, WRITTEN,
} from "./decode-context";
import { blockBody, decodeBlock } from "./decode-block";
import { DICTIONARY_ID, startWithDictionary } from "./decode-dictionary";
import {
  CHECKSUMMED, CONTENT_KNOWN, HEADER_CONTENT, HEADER_DICTIONARY, HEADER_FLAGS, HEADER_KIND, HEADER_SIZE, HEADER_WINDOW, KIND_SKIPPABLE, readHeader,
} from "./decode-header";
import {
  BLOCK_CUT, BLOCK_OUTPUT_TOO_LARGE, CHECKSUM_CUT, CHECKSUM_WRONG, CONTENT_SIZE_WRONG, DESTINATION_FULL, HEADER_CUT, LEGACY_FORMAT,
  NOT_A_FRAME, RESERVED_HEADER_BIT, SKIPPABLE_CUT, WINDOW_TOO_LARGE,
} from "./decode-reasons";
import { CHECKSUM, CORRUPT, DESTINATION_TOO_SMALL, TOO_LARGE, TRUNCATED, UNSUPPORTED, fail } from "../status";
import { xxh64Digest, xxh64Reset } from "./xxh64";

// What zstdDecode asks for before it can go on; call it again, with RESUME, when that is there. Not errors: report holds the number in `expected`.
/** Room for one more block at the destination. */
const NEED_OUTPUT: i32 = -100;
/** A buffer for so many literals. */
const NEED_LITERALS: i32 = -101;
/** The dictionary with this ID. */
const NEED_DICTIONARY: i32 = -102;

// Flags of zstdDecode.
/** Check content checksums. */
const VERIFY: u32 = 1;
/** Stop behind the first frame that is not skippable. */
const ONE_FRAME: u32 = 2;
/** The destination can be made larger: ask for room before a block that may not fit. */
const GROWABLE: u32 = 4;
/** Go on where the last call stopped to ask. */
const RESUME: u32 = 8;
/** A dictionary with the ID 0 is there: frames that name none use it. */
const HAS_DEFAULT: u32 = 16;

/** Bytes beyond a window and a block that a ring of output needs, so that stray stores never reach history that still counts. */
const RING_SLACK: u32 = 96;

// NaN: a number that does not apply.
const NONE: f64 = NaN;

/** The error for a reason that block or header decoding gave; `offset` is where the fault lies in the input. */
function failWith(report: u32, reason: i32, offset: u32): i32 {
  let status = CORRUPT;
  if (reason == HEADER_CUT || reason == BLOCK_CUT || reason == CHECKSUM_CUT || reason == SKIPPABLE_CUT) status = TRUNCATED;
  else if (reason == LEGACY_FORMAT || reason == RESERVED_HEADER_BIT) status = UNSUPPORTED;
  return fail(report, status, reason, offset, NONE, NONE);
}

// Readies the context for the frame whose header it holds; the first output comes to `base`.
function startFrame(context: u32, base: u32, verify: bool): void {
  const window = load<u64>(context, HEADER + HEADER_WINDOW);
  const limited: u32 = window > 0x7fffffff ? 0x7fffffff : <u32>window;
  store<u32>(context, REPEAT_1, REPEAT);
  store<u32>(context, REPEAT_2, REPEAT + 4);
  store<u32>(context, REPEAT_3, REPEAT + 8);
  store<u32>(context, 0, HUFFMAN);
  store<u32>(context, 0, LL_TABLE);
  store<u32>(context, 0, OF_TABLE);
  store<u32>(context, 0, ML_TABLE);
  store<u32>(context, limited, WINDOW);
  store<u32>(context, limited, MAX_OFFSET);
  store<u32>(context, min(limited, MAX_BLOCK), BLOCK_MAX);
  store<u64>(context, 0, PRODUCED);
  store<u32>(context, base, BASE);
  store<u32>(context, 0, HISTORY_LENGTH);
  store<u32>(context, 0, WITH_DICTIONARY);
  const hashing = verify && (load<u32>(context, HEADER + HEADER_FLAGS) & CHECKSUMMED) != 0;
  store<u32>(context, hashing ? 1 : 0, HASHING);
  if (hashing) xxh64Reset(context + HASH);
  startWithDictionary(context);
}

// The dictionary that the frame needs is not the one in use, or none is needed and one is in use.
@inline
function wrongDictionary(context: u32, hasDefault: bool): bool {
  const wanted = load<u32>(context, HEADER + HEADER_DICTIONARY);
  const dictionary = load<u32>(context, DICTIONARY);
  if (wanted == 0 && !hasDefault) return dictionary != 0;
  return dictionary == 0 || load<u32>(dictionary, DICTIONARY_ID) != wanted;
}

// After the last block: the declared size, and the checksum if the frame has one. `p` is where the checksum lies, all of it there.
function endFrame(context: u32, p: u32, offset: u32, report: u32): i32 {
  const flags = load<u32>(context, HEADER + HEADER_FLAGS);
  const produced = load<u64>(context, PRODUCED);
  const content = load<u64>(context, HEADER + HEADER_CONTENT);
  if ((flags & CONTENT_KNOWN) != 0 && produced != content) {
    return fail(report, CORRUPT, CONTENT_SIZE_WRONG, offset, <f64>content, <f64>produced);
  }
  if (load<u32>(context, HASHING) != 0) {
    const stored = load<u32>(p);
    const actual = <u32>xxh64Digest(context + HASH);
    if (stored != actual) return fail(report, CHECKSUM, CHECKSUM_WRONG, offset, stored, actual);
  }
  return 0;
}

// Stops to ask for something; the next call goes on from here.
function ask(context: u32, report: u32, status: i32, wanted: u32, consumed: u32, written: u32): i32 {
  store<u32>(context, consumed, CONSUMED);
  store<u32>(context, written, WRITTEN);
  return fail(report, status, 0, consumed, wanted, written);
}

/**
 * Decodes the frames in [source, source + length) to `destination`, which must not overlap it and is the history while it is decoded.
 * @param context a context whose dictionary is the one that the first frame needs, or that is asked for
 * @param capacity bytes the output may have
 * @param writable bytes at the destination that stray stores may reach, at least `capacity`; 32 more make everything fast
 * @param flags VERIFY, ONE_FRAME, GROWABLE, RESUME, HAS_DEFAULT
 * @param maxWindow frames with a larger window are refused
 * @param report 32 bytes: the numbers of a failure; after success, `expected` is what was consumed
 * @returns bytes produced, a status, or one of the NEED codes; after a NEED code the destination may lie elsewhere, with what was produced in it
 */
export function zstdDecode(
  context: u32, source: u32, length: u32, destination: u32, capacity: u32, writable: u32, flags: u32, maxWindow: f64, report: u32,
): i32 {
  const end = source + length;
  const limit = destination + capacity;
  const strayLimit = destination + writable;
  const verify = (flags & VERIFY) != 0;
  let p = source;
  let out = destination;
  let inFrame = false;
  let frame = destination;
  if ((flags & RESUME) != 0) {
    p += load<u32>(context, CONSUMED);
    out += load<u32>(context, WRITTEN);
    inFrame = load<u32>(context, IN_FRAME) != 0;
    frame = destination + load<u32>(context, FRAME_START);
    store<u32>(context, frame, BASE);
  }
  store<u32>(context, 0, IN_FRAME);
  while (p < end || inFrame) {
    if (!inFrame) {
      const status = readHeader(p, end, context + HEADER);
      if (status < 0) return failWith(report, -status, p - source);
      const headerSize = load<u32>(context, HEADER + HEADER_SIZE);
      if (load<u32>(context, HEADER + HEADER_KIND) == KIND_SKIPPABLE) {
        const skipped = load<u64>(context, HEADER + HEADER_CONTENT);
        if (skipped > <u64>(end - p - headerSize)) {
          return fail(report, TRUNCATED, SKIPPABLE_CUT, p - source, <f64>skipped, end - p - headerSize);
        }
        p += headerSize + <u32>skipped;
        continue;
      }
      const window = load<u64>(context, HEADER + HEADER_WINDOW);
      if (<f64>window > maxWindow) return fail(report, TOO_LARGE, WINDOW_TOO_LARGE, p - source, maxWindow, <f64>window);
      if (wrongDictionary(context, (flags & HAS_DEFAULT) != 0)) {
        return ask(context, report, NEED_DICTIONARY, load<u32>(context, HEADER + HEADER_DICTIONARY), p - source, out - destination);
      }
      const blockMax = <u32>min(window, <u64>MAX_BLOCK);
      if (blockMax > load<u32>(context, LITERALS_CAPACITY)) {
        return ask(context, report, NEED_LITERALS, blockMax, p - source, out - destination);
      }
      if ((flags & GROWABLE) == 0 && (load<u32>(context, HEADER + HEADER_FLAGS) & CONTENT_KNOWN) != 0) {
        const content = load<u64>(context, HEADER + HEADER_CONTENT);
        if (content > <u64>(limit - out)) {
          return fail(report, DESTINATION_TOO_SMALL, DESTINATION_FULL, p - source, <f64>content + <f64>(out - destination), capacity);
        }
      }
      startFrame(context, out, verify);
      frame = out;
      p += headerSize;
      inFrame = true;
    }
    if (end - p < BLOCK_HEADER) return failWith(report, BLOCK_CUT, p - source);
    const header = load<u32>(p) & 0xffffff;
    const body = blockBody(header);
    if ((flags & GROWABLE) != 0) {
      const room = ((header >> 1) & 3) == BLOCK_COMPRESSED ? load<u32>(context, BLOCK_MAX) : header >> 3;
      if (room > limit - out) {
        store<u32>(context, 1, IN_FRAME);
        store<u32>(context, frame - destination, FRAME_START);
        return ask(context, report, NEED_OUTPUT, room, p - source, out - destination);
      }
    }
    p += BLOCK_HEADER;
    if (body > end - p) return failWith(report, BLOCK_CUT, p - BLOCK_HEADER - source);
    const written = decodeBlock(context, header, p, out, limit, strayLimit);
    if (written < 0) {
      const offset = load<u32>(context, FAULT) - source;
      const full = -written == BLOCK_OUTPUT_TOO_LARGE && limit - out < load<u32>(context, BLOCK_MAX);
      if (full && (flags & GROWABLE) == 0) {
        const known = (load<u32>(context, HEADER + HEADER_FLAGS) & CONTENT_KNOWN) != 0;
        const content = load<u64>(context, HEADER + HEADER_CONTENT);
        // There is room for all that was declared: it is the content that is too long.
        if (known) return fail(report, CORRUPT, CONTENT_SIZE_WRONG, offset, <f64>content, NONE);
        return fail(report, DESTINATION_TOO_SMALL, DESTINATION_FULL, offset, NONE, capacity);
      }
      return failWith(report, -written, offset);
    }
    out += written;
    p += body;
    if ((header & 1) == 0) continue;
    if ((load<u32>(context, HEADER + HEADER_FLAGS) & CHECKSUMMED) != 0) {
      if (end - p < 4) return failWith(report, CHECKSUM_CUT, p - source);
      p += 4;
    }
    const status = endFrame(context, p - 4, p - source, report);
    if (status < 0) return status;
    inFrame = false;
    if ((flags & ONE_FRAME) != 0) break;
  }
  fail(report, 0, 0, NONE, p - source, NONE);
  return <i32>(out - destination);
}

/** Parses the header at `source` into the 32 bytes at `to` (decode-header.ts). Gives its size or a status; after TRUNCATED, `expected` is what it needs. */
export function zstdHeader(source: u32, length: u32, to: u32, report: u32): i32 {
  const status = readHeader(source, source + length, to);
  if (status == -HEADER_CUT) return fail(report, TRUNCATED, HEADER_CUT, length, load<u32>(to, HEADER_SIZE), length);
  if (status < 0) return failWith(report, -status, 0);
  return load<u32>(to, HEADER_SIZE);
}

/**
 * Walks over the frames in [source, source + length) by their headers, block headers included, without decoding.
 * @param to 32 bytes: f64 sum of the declared sizes, or -1 when a frame declares none; f64 most bytes the output can have; f64 bytes
 *   consumed; u32 ID of the dictionary of the first frame, u32 number of frames
 * @returns 0 or a status
 */
export function zstdMeasure(source: u32, length: u32, oneFrame: u32, header: u32, to: u32, report: u32): i32 {
  const end = source + length;
  let p = source;
  let declared: f64 = 0;
  let bound: f64 = 0;
  let frames: u32 = 0;
  store<u32>(to, 0, 24);
  while (p < end) {
    const status = readHeader(p, end, header);
    if (status < 0) return failWith(report, -status, p - source);
    p += load<u32>(header, HEADER_SIZE);
    if (load<u32>(header, HEADER_KIND) == KIND_SKIPPABLE) {
      const skipped = load<u64>(header, HEADER_CONTENT);
      if (skipped > <u64>(end - p)) return failWith(report, SKIPPABLE_CUT, p - source);
      p += <u32>skipped;
      continue;
    }
    if (frames == 0) store<u32>(to, load<u32>(header, HEADER_DICTIONARY), 24);
    frames++;
    const known = (load<u32>(header, HEADER_FLAGS) & CONTENT_KNOWN) != 0;
    const blockMax = <u32>min(load<u64>(header, HEADER_WINDOW), <u64>MAX_BLOCK);
    let most: f64 = 0;
    while (true) {
      if (end - p < BLOCK_HEADER) return failWith(report, BLOCK_CUT, p - source);
      const block = load<u32>(p) & 0xffffff;
      p += BLOCK_HEADER;
      const body = blockBody(block);
      if (body > end - p) return failWith(report, BLOCK_CUT, p - BLOCK_HEADER - source);
      p += body;
      most += ((block >> 1) & 3) == BLOCK_COMPRESSED ? blockMax : block >> 3;
      if ((block & 1) != 0) break;
    }
    if ((load<u32>(header, HEADER_FLAGS) & CHECKSUMMED) != 0) {
      if (end - p < 4) return failWith(report, CHECKSUM_CUT, p - source);
      p += 4;
    }
    if (known) {
      const content = <f64>load<u64>(header, HEADER_CONTENT);
      if (content > most) return fail(report, CORRUPT, CONTENT_SIZE_WRONG, p - source, content, most);
      most = content;
    }
    bound += most;
    declared = known && declared >= 0 ? declared + <f64>load<u64>(header, HEADER_CONTENT) : -1;
    if (oneFrame != 0) break;
  }
  store<f64>(to, declared);
  store<f64>(to, bound, 8);
  store<f64>(to, p - source, 16);
  store<u32>(to, frames, 28);
  return 0;
}

// ---- step by step, for a stream (src/stream/zstd/zstd-reader.ts) ----

/** Starts the frame whose header zstdHeader parsed into the context's HEADER; its output begins at `base`. */
export function zstdStreamStart(context: u32, base: u32, verify: u32): void {
  startFrame(context, base, verify != 0);
}

/** Where in a context zstdHeader is to put the header of a frame. */
export function zstdStreamHeader(context: u32): u32 {
  return context + HEADER;
}

/** The output so far has moved, as a whole: it begins at `base` now. */
export function zstdStreamMoved(context: u32, base: u32): void {
  store<u32>(context, base, BASE);
}

/** The ring of output is full: the next output comes to `base`, its start; what lies before `end` is history. */
export function zstdStreamWrap(context: u32, base: u32, end: u32): void {
  store<u32>(context, end - base, HISTORY_LENGTH);
  store<u32>(context, end, HISTORY_END);
  store<u32>(context, base, BASE);
  store<u32>(context, load<u32>(context, WINDOW), MAX_OFFSET);
}

/** Decodes one block, as decodeBlock does. Gives the bytes produced or a status; offsets are relative to the block. */
export function zstdStreamBlock(context: u32, header: u32, body: u32, out: u32, limit: u32, writable: u32, report: u32): i32 {
  const written = decodeBlock(context, header, body, out, limit, writable);
  return written < 0 ? failWith(report, -written, load<u32>(context, FAULT) - body + BLOCK_HEADER) : written;
}

/** Ends the frame. `checksum` is the address of the stored one, if the frame has one. Gives 0 or a status. */
export function zstdStreamEnd(context: u32, checksum: u32, report: u32): i32 {
  return endFrame(context, checksum, 4, report);
}

/** Bytes a ring of output needs for a frame with this window. */
export function zstdRingSize(window: u32): u32 {
  return window + min(window, MAX_BLOCK) + RING_SLACK;
}
