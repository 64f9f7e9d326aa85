// The operations of the bench suite `bytes`, done by tokio's crate: prints one line `name nanoseconds` (of processor time) for each, the median of rounds.
//   bytes ROUNDS SLICE_MS
use std::collections::VecDeque;
use std::hint::black_box;
use tokio_bytes::{Buf, BufMut, Bytes, BytesMut};

const MESSAGE: usize = 100;

extern "C" {
    // ISO C: processor time of this process, in millionths of a second on POSIX. What else the machine does is not in it.
    fn clock() -> i64;
}

fn seconds() -> f64 {
    // SAFETY: takes nothing and touches no memory of ours.
    unsafe { clock() as f64 / 1e6 }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    values[values.len() / 2]
}

fn measure(name: &str, rounds: usize, slice_ms: f64, mut run: impl FnMut(usize)) {
    let mut n = 1;
    let count = loop {
        let start = seconds();
        run(n);
        let ms = (seconds() - start) * 1e3;
        if ms >= slice_ms / 2.0 {
            break ((n as f64 * slice_ms / ms) as usize).max(1);
        }
        n *= 2;
    };
    let mut samples = Vec::new();
    for _ in 0..rounds {
        let start = seconds();
        run(count);
        samples.push((seconds() - start) * 1e9 / count as f64);
    }
    println!("{} {:.3}", name, median(samples));
}

// Splits messages off one large buffer; `queue` of them stay alive.
fn split_queue(n: usize, queue: usize) {
    let block = Bytes::from(vec![1u8; 1 << 20]);
    let mut rest = block.clone();
    let mut alive = VecDeque::with_capacity(queue + 1);
    for _ in 0..n {
        if rest.len() < MESSAGE {
            rest = block.clone();
        }
        alive.push_back(rest.split_to(MESSAGE));
        if alive.len() > queue {
            black_box(alive.pop_front());
        }
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let rounds: usize = args.next().map_or(7, |a| a.parse().unwrap());
    let slice: f64 = args.next().map_or(50.0, |a| a.parse().unwrap());

    measure("split-1000", rounds, slice, |n| split_queue(n, 1000));
    measure("split-100000", rounds, slice, |n| split_queue(n, 100_000));

    for alive in [0usize, 1, 64] {
        let bytes = Bytes::from(vec![1u8; 4096]);
        let held: Vec<Bytes> = (0..alive).map(|_| bytes.clone()).collect();
        measure(&format!("clone-{}", alive), rounds, slice, |n| {
            for _ in 0..n {
                black_box(bytes.clone());
            }
        });
        black_box(held);
    }

    let page = Bytes::from((0..4096u32).map(|i| i as u8).collect::<Vec<_>>());
    measure("get-u16", rounds, slice, |n| {
        let mut sum = 0u64;
        let mut left = n;
        while left > 0 {
            let mut cursor: &[u8] = black_box(&page);
            let k = left.min(2048);
            for _ in 0..k {
                sum = sum.wrapping_add(cursor.get_u16() as u64);
            }
            left -= k;
        }
        black_box(sum);
    });
    measure("get-u32", rounds, slice, |n| {
        let mut sum = 0u64;
        let mut left = n;
        while left > 0 {
            let mut cursor: &[u8] = black_box(&page);
            let k = left.min(1024);
            for _ in 0..k {
                sum = sum.wrapping_add(cursor.get_u32() as u64);
            }
            left -= k;
        }
        black_box(sum);
    });
    measure("get-u64", rounds, slice, |n| {
        let mut sum = 0u64;
        let mut left = n;
        while left > 0 {
            let mut cursor: &[u8] = black_box(&page);
            let k = left.min(512);
            for _ in 0..k {
                sum = sum.wrapping_add(cursor.get_u64());
            }
            left -= k;
        }
        black_box(sum);
    });
    let mut buffer = BytesMut::with_capacity(4096);
    macro_rules! put {
        ($name:expr, $put:ident, $type:ty, $size:expr) => {
            measure($name, rounds, slice, |n| {
                let mut left = n;
                while left > 0 {
                    buffer.clear();
                    let k = left.min(4096 / $size);
                    for i in 0..k {
                        buffer.$put(black_box(i) as $type);
                    }
                    black_box(&buffer);
                    left -= k;
                }
            });
        };
    }
    put!("put-u16", put_u16, u16, 2);
    put!("put-u32", put_u32, u32, 4);
    put!("put-u64", put_u64, u64, 8);

    let source = [1u8; 256];
    measure("build-256", rounds, slice, |n| {
        for _ in 0..n {
            let mut buffer = BytesMut::with_capacity(256);
            buffer.put_slice(black_box(&source));
            black_box(buffer.freeze());
        }
    });
}
