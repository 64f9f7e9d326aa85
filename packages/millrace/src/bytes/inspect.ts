import { inspect } from 'node:util';
import { RELEASED, type Block } from './block.js';

/** Makes util.inspect and console.log show the objects of a class by `show`. Called in the class's static block, as declarations cannot name the symbol. */
export function showAs<T extends object>(prototype: T, show: (object: T) => string): void {
  Object.defineProperty(prototype, inspect.custom, {
    value(this: T): string {
      return show(this);
    },
    configurable: true,
    writable: true,
  });
}

const SHOWN = 50;

/** A line for a debugger: `Bytes(12) "hello \\x00\\xff"`. Printable ASCII stands for itself, anything else as tokio's debug form has it. */
export function inspectBytes(name: string, block: Block, start: number, end: number): string {
  if (block === RELEASED) return `${name}(released)`;
  const length = end - start;
  let text = '';
  for (let i = start; i < Math.min(end, start + SHOWN); i += 1) text += shown(block.u8[i]!);
  return `${name}(${length}) "${text}"${length > SHOWN ? ` ... ${length - SHOWN} more` : ''}`;
}

function shown(byte: number): string {
  if (byte === 0x0a) return '\\n';
  if (byte === 0x0d) return '\\r';
  if (byte === 0x09) return '\\t';
  if (byte === 0x22) return '\\"';
  if (byte === 0x5c) return '\\\\';
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
