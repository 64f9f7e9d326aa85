// What every context starts with: the constants, built once for a memory, and empty fields.

import {
  LL_CODES, LL_DEFAULT_LOG, ML_CODES, ML_DEFAULT_LOG, OF_CODES, OF_DEFAULT_CODES, OF_DEFAULT_LOG, llBits, mlBits, predefinedLiteralLengths,
  predefinedMatchLengths, predefinedOffsets,
} from "./constants";
import {
  CONSTANTS, CONSTANTS_END, CONTEXT_SIZE, COUNTS, LITERALS, LITERALS_CAPACITY, LL, LL_DEFAULT, ML, OF, PATTERNS, STEPS, defaultTable, prototypes,
} from "./decode-context";
import { buildSequenceTable } from "./decode-fse";

// An entry of a sequence table without what depends on the state. Gives the base of the next code.
function prototype(at: u32, base: u32, bits: u32): u32 {
  store<u32>(at, base);
  store<u32>(at, bits, 4);
  store<u32>(at, 0, 8);
  store<u32>(at, <u32>((<u64>1 << bits) - 1), 12);
  return base + (<u32>1 << bits);
}

/** Fills the constants of the context at `context`; the scratch is used, the rest is left alone. */
export function buildConstants(context: u32): void {
  for (let i: u32 = 1; i < 16; i++) {
    for (let k: u32 = 0; k < 16; k++) store<u8>(context + (i << 4) + k, <u8>(k % i), PATTERNS);
    store<u8>(context + i, <u8>(16 - (16 % i)), STEPS);
  }
  let base: u32 = 0;
  for (let code: u32 = 0; code < LL_CODES; code++) base = prototype(context + prototypes(LL) + (code << 4), base, llBits(code));
  base = 3; // the shortest match
  for (let code: u32 = 0; code < ML_CODES; code++) base = prototype(context + prototypes(ML) + (code << 4), base, mlBits(code));
  // Codes 0 and 1 stand for repeat offsets; from code 2 on the offset is the value less 3 (section 3.1.1.3.2.1.1).
  for (let code: u32 = 0; code < OF_CODES; code++) prototype(context + prototypes(OF) + (code << 4), code < 2 ? 0 : (<u32>1 << code) - 3, code);
  predefinedLiteralLengths(context + COUNTS);
  buildSequenceTable(context, context + defaultTable(LL), LL_CODES, LL_DEFAULT_LOG, prototypes(LL));
  predefinedMatchLengths(context + COUNTS);
  buildSequenceTable(context, context + defaultTable(ML), ML_CODES, ML_DEFAULT_LOG, prototypes(ML));
  predefinedOffsets(context + COUNTS);
  buildSequenceTable(context, context + defaultTable(OF), OF_DEFAULT_CODES, OF_DEFAULT_LOG, prototypes(OF));
}

/** Bytes that a context takes, its buffer for literals apart. */
export function zstdContextSize(): u32 {
  return CONTEXT_SIZE;
}

/** Makes a context of CONTEXT_SIZE bytes, from `image`, a context whose constants were built; 0 builds them here. */
export function zstdContextInit(context: u32, image: u32): void {
  memory.fill(context, 0, CONSTANTS);
  if (image == 0) buildConstants(context);
  else {
    memory.copy(context + CONSTANTS, image + CONSTANTS, CONSTANTS_END - CONSTANTS);
    // Their entries hold addresses.
    for (let at = LL_DEFAULT; at < CONSTANTS_END; at += 16) store<u32>(context + at, load<u32>(context + at, 8) + context - image, 8);
  }
}

/** Gives the context a buffer for literals: `capacity` bytes at `address`. */
export function zstdContextLiterals(context: u32, address: u32, capacity: u32): void {
  store<u32>(context, address, LITERALS);
  store<u32>(context, capacity, LITERALS_CAPACITY);
}
