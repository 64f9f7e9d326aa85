export { Bytes, BytesMut } from './bytes.js';
export { Block, type OnRelease } from './block.js';
