/** What a server counts. */
export interface Counts {
  messages: number;
  /** Bytes that it copied, where it knows. */
  copied: number;
  /** Connections open now. */
  connections: number;
}
