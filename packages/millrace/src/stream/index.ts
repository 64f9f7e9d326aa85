export { S2Writer, SnappyWriter } from './s2-writer.js';
export type { S2WriterOptions } from './writer-options.js';
export type { BufferDone } from './hand-back.js';
export { S2Reader, type S2ReaderOptions, type SkippableCallback } from './s2-reader.js';
export { S2Index, type IndexPosition, type IndexJson } from './s2-index.js';
export { INDEX_TAIL, indexLengthFromTail, restoreIndexHeaders, stripIndexHeaders } from './s2-index-format.js';
export type { StreamDialect } from './chunk.js';
