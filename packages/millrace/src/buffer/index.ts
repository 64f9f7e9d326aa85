export { LinkBuffer, type LinkBufferOptions } from './link-buffer.js';
export { FrameScanner } from './framing/scanner.js';
export type { Framing, FramingOptions } from './framing/framing.js';
export { DelimiterFraming, DelimiterScanner, crlf, ndjson, type DelimiterOptions } from './framing/delimiter.js';
export { LengthPrefixFraming, LengthPrefixScanner, length32, type LengthPrefixOptions } from './framing/length-prefix.js';
export { VarintFraming, VarintScanner, varintDelimited } from './framing/varint-prefix.js';
export { NetstringFraming, NetstringScanner, netstring } from './framing/netstring.js';
export { Link, type LinkHandlers, type LinkOptions } from './socket/link.js';
export { attach, connectLink, connectTlsLink, linkServer, type LinkServerOptions } from './socket/attach.js';
