// A program: sends the messages of the data package over TCP, REPEATS times, in writes of 64 KiB, and ends the connection. Prints one line
// of JSON when the server has closed its side, which is how a server here says that it has taken everything.
//   node sender.js PORT ndjson|length32 REPEATS
import { connect } from 'node:net';
import { Corpora } from '../harness/corpora.js';
import { frameAll, type FramingName } from './messages.js';

const [port, framing, repeats] = process.argv.slice(2);
const messages = new Corpora(new Map()).messages();
const wire = frameAll(messages, framing as FramingName);
const socket = connect({ port: Number(port), host: '127.0.0.1' });
let started = 0n;

function* pieces(): Generator<Buffer> {
  for (let round = 0; round < Number(repeats); round += 1) {
    for (let at = 0; at < wire.length; at += 65_536) yield wire.subarray(at, at + 65_536);
  }
}

const source = pieces();
function pump(): void {
  for (;;) {
    const { done, value } = source.next();
    if (done) {
      socket.end();
      return;
    }
    if (!socket.write(value)) {
      socket.once('drain', pump);
      return;
    }
  }
}

socket.once('connect', () => {
  started = process.hrtime.bigint();
  pump();
});
socket.resume();
socket.once('error', (error) => {
  console.error(`sender: ${error.message}`);
  process.exitCode = 1;
});
socket.once('close', () => {
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  console.log(JSON.stringify({ event: 'sent', messages: messages.length * Number(repeats), bytes: wire.length * Number(repeats), seconds }));
});
