import { javaProgram } from '../toolchains/java.js';
import { PeerProcess } from './peer-process.js';

/** What interop/java/snappy-java does; `xerial` and `framed` take the size of their blocks. */
export type SnappyJavaRequest = 'version' | 'compress' | 'uncompress' | `xerial ${number}` | 'unxerial' | `framed ${number}` | 'unframed';

/** snappy-java, the library of Kafka's Java clients, in a process of its own. */
export class SnappyJava {
  readonly #process: PeerProcess;

  /** Builds the program on first use. @throws MissingPeer where there is no JDK or no Maven */
  constructor() {
    this.#process = new PeerProcess('snappy-java', 'java', javaProgram('snappy-java'));
  }

  /** @throws Error with its message when it fails there */
  request(what: SnappyJavaRequest, payload: Uint8Array = Buffer.alloc(0)): Promise<Buffer> {
    return this.#process.send(Buffer.from(what), payload);
  }

  close(): void {
    this.#process.close();
  }
}
