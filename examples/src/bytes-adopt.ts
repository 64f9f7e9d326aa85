// Takes memory of others in without a copy, and hears exactly once when its last view is gone.
import { strict as assert } from 'node:assert';
import { Bytes } from 'millrace/bytes';

const pool: Buffer[] = [Buffer.from('from a pool of my own')];
const lent = pool.pop()!;
const bytes = Bytes.adopt(lent, (memory) => pool.push(memory as Buffer));

const tail = bytes.splitOff(7);
const clone = tail.clone();
bytes.release();
tail.release();
assert.equal(pool.length, 0); // the clone still looks
assert.equal(clone.toString(), 'pool of my own');
clone.release();
assert.equal(pool[0], lent);
