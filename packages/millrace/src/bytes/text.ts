/** Text encodings that bytes can be read as and written from. */
export type TextEncoding = 'utf8' | 'latin1' | 'hex' | 'base64' | 'base64url';
