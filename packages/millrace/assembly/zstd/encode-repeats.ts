// Repeat offsets where the match finder does not know what the decoder has: at the beginning of a part that is encoded on its own, whose predecessor another thread
// may still be at, and where a frame goes on in other memory. The finder starts from the three of a frame's beginning, which reach to bytes it has; its sequences
// are then put in terms of the decoder's, until both have the same.
import { REPEAT_1, REPEAT_2, REPEAT_3 } from "./constants";
import { C_KNOWN, C_KNOWN_3, C_LEVEL, C_REPEAT_1, C_REPEAT_2, C_REPEAT_3, C_SEQUENCES, C_SEQUENCE_COUNT, C_UNLIKE, LEVEL_BETTER, SEQUENCE, S_OFFSET } from "./encode-layout";

/** Lets the match finder begin anew. The decoder's repeats are `known` to be the context's, or they could be anything. */
export function startRepeats(ctx: u32, known: bool): void {
  if (!known) {
    store<u64>(ctx, 0, C_KNOWN);
    store<u32>(ctx, 0, C_KNOWN_3);
  } else if (load<u32>(ctx, C_UNLIKE) == 0) {
    store<u32>(ctx, load<u32>(ctx, C_REPEAT_1), C_KNOWN);
    store<u32>(ctx, load<u32>(ctx, C_REPEAT_2), C_KNOWN + 4);
    // The quick levels do not keep account of the third.
    store<u32>(ctx, load<u32>(ctx, C_LEVEL) >= LEVEL_BETTER ? load<u32>(ctx, C_REPEAT_3) : 0, C_KNOWN_3);
  }
  store<u32>(ctx, 1, C_UNLIKE);
  store<u32>(ctx, REPEAT_1, C_REPEAT_1);
  store<u32>(ctx, REPEAT_2, C_REPEAT_2);
  store<u32>(ctx, REPEAT_3, C_REPEAT_3);
}

/**
 * Puts the offsets of the block's sequences in terms of the decoder's repeats: a repeat it does not have becomes a distance. The finder began the block with
 * the repeats `a`, `b` and `c`.
 */
export function translateRepeats(ctx: u32, a: u32, b: u32, c: u32): void {
  const third = load<u32>(ctx, C_LEVEL) >= LEVEL_BETTER;
  let x = load<u32>(ctx, C_KNOWN);
  let y = load<u32>(ctx, C_KNOWN + 4);
  let z = load<u32>(ctx, C_KNOWN_3);
  let p = load<u32>(ctx, C_SEQUENCES);
  for (const end = p + load<u32>(ctx, C_SEQUENCE_COUNT) * SEQUENCE; p < end; p += SEQUENCE) {
    if (a == x && b == y && (c == z || !third)) {
      store<u32>(ctx, 0, C_UNLIKE);
      return;
    }
    const offset = load<u32>(p, S_OFFSET);
    // Section 3.1.1.5: without literals, the repeats mean the next ones.
    const run: u32 = load<u32>(p) > 0 ? 0 : 1;
    let distance = offset - 3;
    if (offset > 3) {
      c = b;
      b = a;
      a = distance;
    } else {
      const which = offset + run;
      if (which == 1) distance = a;
      else if (which == 2) {
        distance = b;
        b = a;
        a = distance;
      } else {
        distance = which == 3 ? c : a - 1;
        c = b;
        b = a;
        a = distance;
      }
    }
    let code = distance + 3;
    if (run == 0 && distance == x) code = 1;
    else if (distance == y) {
      code = 2 - run;
      y = x;
      x = distance;
    } else {
      if (distance == z) code = 3 - run;
      else if (run == 1 && distance == x - 1) code = 3;
      z = y;
      y = x;
      x = distance;
    }
    store<u32>(p, code, S_OFFSET);
  }
  store<u32>(ctx, x, C_KNOWN);
  store<u32>(ctx, y, C_KNOWN + 4);
  store<u32>(ctx, z, C_KNOWN_3);
}
