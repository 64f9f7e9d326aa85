// Headers: of frames and skippable frames (RFC 8878 sections 3.1.1.1 and 3.1.2).
//
// A parsed header, 32 bytes:
//
//     0 kind u32        1 frame, 2 skippable frame
//     4 size u32        bytes of the header, magic number included
//     8 window u64      bytes
//    16 content u64     bytes of content, where the flag says that it is known; of a skippable frame, bytes that follow the header
//    24 dictionary u32  ID, 0 for none; of a skippable frame, the low four bits of its magic number
//    28 flags u32       1 single segment, 2 checksum, 4 content size known

import { HEADER_CUT, LEGACY_FORMAT, NOT_A_FRAME, RESERVED_HEADER_BIT } from "./decode-reasons";
import { MAGIC, SKIPPABLE_MAGIC, SKIPPABLE_MASK } from "./constants";

export const HEADER_KIND: u32 = 0;
export const HEADER_SIZE: u32 = 4;
export const HEADER_WINDOW: u32 = 8;
export const HEADER_CONTENT: u32 = 16;
export const HEADER_DICTIONARY: u32 = 24;
export const HEADER_FLAGS: u32 = 28;

export const KIND_FRAME: u32 = 1;
export const KIND_SKIPPABLE: u32 = 2;

export const SINGLE_SEGMENT: u32 = 1;
export const CHECKSUMMED: u32 = 2;
export const CONTENT_KNOWN: u32 = 4;

// Versions 0.1 to 0.7 of the format had magic numbers just below today's, and 0.1 one of its own.
const LEGACY_FIRST: u32 = 0xfd2fb522;
const LEGACY_LAST: u32 = 0xfd2fb527;
const LEGACY_OLDEST: u32 = 0xfd2fb51e;

/** Reads the header in [p, end) into the 32 bytes at `to`. Gives 0, or minus the reason; after HEADER_CUT, HEADER_SIZE holds how many bytes are needed to go on. */
export function readHeader(p: u32, end: u32, to: u32): i32 {
  const available = end - p;
  if (available < 4) {
    store<u32>(to, 5, HEADER_SIZE);
    // A wrong start shows before the magic number is whole.
    return couldBegin(p, available) ? -HEADER_CUT : -NOT_A_FRAME;
  }
  const magic = load<u32>(p);
  if ((magic & SKIPPABLE_MASK) == SKIPPABLE_MAGIC) {
    store<u32>(to, 8, HEADER_SIZE);
    if (available < 8) return -HEADER_CUT;
    store<u32>(to, KIND_SKIPPABLE, HEADER_KIND);
    store<u64>(to, 0, HEADER_WINDOW);
    store<u64>(to, <u64>load<u32>(p, 4), HEADER_CONTENT);
    store<u32>(to, magic & 15, HEADER_DICTIONARY);
    store<u32>(to, CONTENT_KNOWN, HEADER_FLAGS);
    return 0;
  }
  if (magic != MAGIC) return (magic >= LEGACY_FIRST && magic <= LEGACY_LAST) || magic == LEGACY_OLDEST ? -LEGACY_FORMAT : -NOT_A_FRAME;
  store<u32>(to, 6, HEADER_SIZE);
  if (available < 5) return -HEADER_CUT;
  const descriptor = <u32>load<u8>(p, 4);
  const single = (descriptor >> 5) & 1;
  const dictionaryCode = descriptor & 3;
  const contentCode = descriptor >> 6;
  const dictionarySize: u32 = dictionaryCode == 3 ? 4 : dictionaryCode;
  const contentBytes: u32 = contentCode == 0 ? single : <u32>1 << contentCode;
  const size: u32 = 5 + (single ^ 1) + dictionarySize + contentBytes;
  store<u32>(to, size, HEADER_SIZE);
  if ((descriptor & 8) != 0) return -RESERVED_HEADER_BIT;
  if (available < size) return -HEADER_CUT;
  p += 5;
  let window: u64 = 0;
  if (single == 0) {
    // Section 3.1.1.1.2: exponent and eighths.
    const code = <u32>load<u8>(p);
    const power: u64 = <u64>1 << <u64>(10 + (code >> 3));
    window = power + (power >> 3) * <u64>(code & 7);
    p++;
  }
  let dictionary: u32 = 0;
  if (dictionaryCode == 1) dictionary = <u32>load<u8>(p);
  else if (dictionaryCode == 2) dictionary = <u32>load<u16>(p);
  else if (dictionaryCode == 3) dictionary = load<u32>(p);
  p += dictionarySize;
  let content: u64 = 0;
  if (contentBytes == 1) content = <u64>load<u8>(p);
  else if (contentBytes == 2) content = <u64>load<u16>(p) + 256;
  else if (contentBytes == 4) content = <u64>load<u32>(p);
  else if (contentBytes == 8) content = load<u64>(p);
  store<u32>(to, KIND_FRAME, HEADER_KIND);
  store<u64>(to, single ? content : window, HEADER_WINDOW);
  store<u64>(to, content, HEADER_CONTENT);
  store<u32>(to, dictionary, HEADER_DICTIONARY);
  store<u32>(to, single | ((descriptor >> 1) & CHECKSUMMED) | (contentBytes > 0 ? CONTENT_KNOWN : 0), HEADER_FLAGS);
  return 0;
}

// Whether the first, at most three, bytes agree with a magic number.
function couldBegin(p: u32, available: u32): bool {
  if (available == 0) return true;
  const first = <u32>load<u8>(p);
  let frame = first == (MAGIC & 255);
  let skippable = (first & 0xf0) == (SKIPPABLE_MAGIC & 0xf0);
  for (let i: u32 = 1; i < available; i++) {
    const byte = <u32>load<u8>(p + i);
    frame = frame && byte == ((MAGIC >> (i << 3)) & 255);
    skippable = skippable && byte == ((SKIPPABLE_MAGIC >> (i << 3)) & 255);
  }
  return frame || skippable;
}
