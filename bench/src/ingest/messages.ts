/** How messages lie on the wire. */
export type FramingName = 'ndjson' | 'length32';

/** The messages one after the other as the wire has them: each followed by a line feed, or preceded by its length in 4 bytes, big-endian. */
export function frameAll(messages: readonly Buffer[], framing: FramingName): Buffer {
  const overhead = framing === 'ndjson' ? 1 : 4;
  const wire = Buffer.allocUnsafe(messages.reduce((sum, message) => sum + message.length + overhead, 0));
  let at = 0;
  for (const message of messages) {
    if (framing === 'length32') at = wire.writeUInt32BE(message.length, at);
    at += message.copy(wire, at);
    if (framing === 'ndjson') at = wire.writeUInt8(0x0a, at);
  }
  return wire;
}
