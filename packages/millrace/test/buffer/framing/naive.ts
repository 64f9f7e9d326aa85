// What the scanners must find, found the slow way: one byte after the other over the whole stream.
import type { Framing } from '../../../src/buffer/framing/framing.js';

export interface Found {
  /** Offset after each complete message. */
  ends: number[];
  /** Code and offset of the first fault. */
  fault: { code: string; offset: number; actual: number | undefined } | undefined;
}

type Rule = (bytes: Uint8Array, start: number) => { end: number } | { code: string; offset: number; actual?: number } | undefined;

function walk(bytes: Uint8Array, rule: Rule): Found {
  const ends: number[] = [];
  for (let start = 0; ; ) {
    const next = rule(bytes, start);
    if (next === undefined) return { ends, fault: undefined };
    if ('code' in next) return { ends, fault: { actual: undefined, ...next } };
    ends.push(next.end);
    start = next.end;
  }
}

export function naiveDelimited(bytes: Uint8Array, delimiter: number[], limit: number): Found {
  return walk(bytes, (all, start) => {
    for (let at = start; at < all.length; at += 1) {
      const ended = delimiter.every((byte, i) => at + 1 - delimiter.length + i >= start && all[at + 1 - delimiter.length + i] === byte);
      if (ended && at + 1 - delimiter.length - start <= limit) return { end: at + 1 };
      const payload = at + 1 - start - (delimiter.length === 2 && all[at] === delimiter[0] ? 1 : 0) - (ended ? delimiter.length : 0);
      if (payload > limit) return { code: 'ERR_MESSAGE_TOO_LARGE', offset: start, actual: limit + 1 };
    }
    return undefined;
  });
}

export function naiveLength(
  bytes: Uint8Array,
  shape: { width: number; bigEndian: boolean; fieldOffset: number; adjustment: number },
  limit: number,
): Found {
  const header = shape.fieldOffset + shape.width;
  return walk(bytes, (all, start) => {
    if (all.length - start < header) return undefined;
    let value = 0n;
    for (let i = 0; i < shape.width; i += 1) {
      const at = start + shape.fieldOffset + (shape.bigEndian ? i : shape.width - 1 - i);
      value = value * 256n + BigInt(all[at]!);
    }
    // A field from 2^63 on is shown as it is: no adjustment makes it fit.
    const payload = value >= 2n ** 63n ? value : value + BigInt(shape.adjustment);
    if (payload < 0n) return { code: 'ERR_FRAMING', offset: start };
    if (payload > BigInt(limit)) return { code: 'ERR_MESSAGE_TOO_LARGE', offset: start, actual: Number(payload) };
    const end = start + header + Number(payload);
    return end <= all.length ? { end } : undefined;
  });
}

export function naiveVarint(bytes: Uint8Array, limit: number): Found {
  return walk(bytes, (all, start) => {
    let value = 0n;
    for (let at = start; at < all.length; at += 1) {
      const byte = all[at]!;
      if (at - start === 9 && byte > 1) return { code: 'ERR_FRAMING', offset: start };
      value |= BigInt(byte & 127) << BigInt(7 * (at - start));
      if (byte >= 128) continue;
      if (value > BigInt(limit)) return { code: 'ERR_MESSAGE_TOO_LARGE', offset: start, actual: Number(value) };
      const end = at + 1 + Number(value);
      return end <= all.length ? { end } : undefined;
    }
    return undefined;
  });
}

export function naiveNetstring(bytes: Uint8Array, limit: number): Found {
  return walk(bytes, (all, start) => {
    let digits = '';
    for (let at = start; at < all.length; at += 1) {
      const char = String.fromCharCode(all[at]!);
      if (char === ':' && digits !== '') {
        if (Number(digits) > limit) return { code: 'ERR_MESSAGE_TOO_LARGE', offset: start, actual: Number(digits) };
        const end = at + 1 + Number(digits) + 1;
        if (end > all.length) return undefined;
        return all[end - 1] === 0x2c ? { end } : { code: 'ERR_FRAMING', offset: end - 1 };
      }
      if (!/[0-9]/.test(char) || digits === '0' || digits.length === 10) return { code: 'ERR_FRAMING', offset: at };
      digits += char;
    }
    return undefined;
  });
}

/** The payload framed by the encoder of `framing`. */
export function frame(framing: Framing, payload: Uint8Array): Uint8Array {
  const header = framing.headerLength(payload.length);
  const whole = new Uint8Array(header + payload.length + framing.trailerLength).fill(0xee);
  framing.checkPayload(payload, 0, payload.length);
  framing.writeHeader(whole, 0, payload.length);
  whole.set(payload, header);
  framing.writeTrailer(whole, header + payload.length);
  return whole;
}
