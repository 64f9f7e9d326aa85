//! libzstd with reused contexts, for the interop and bench suites. Input is a sequence of items, each after its length as u32 little-endian.
//!
//!     libzstd version
//!     libzstd compress LEVEL [DICTIONARY]      items -> frames, in the same form; without checksums
//!     libzstd bench-decode MS [DICTIONARY]
//!     libzstd bench-encode MS LEVEL [DICTIONARY]
//!
//! The benches print the median nanoseconds, of processor time, of an item and, on the next line, the sum of all outputs' lengths.

use std::io::{Read, Write};
use std::time::Duration;
use zstd_safe::{CCtx, CParameter, DCtx};

fn items() -> Vec<Vec<u8>> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input).expect("stdin can be read");
    let mut found = Vec::new();
    let mut at = 0;
    while at + 4 <= input.len() {
        let length = u32::from_le_bytes(input[at..at + 4].try_into().unwrap()) as usize;
        found.push(input[at + 4..at + 4 + length].to_vec());
        at += 4 + length;
    }
    found
}

fn compressor(level: i32, dictionary: Option<&str>) -> CCtx<'static> {
    let mut context = CCtx::create();
    context.set_parameter(CParameter::CompressionLevel(level)).expect("a level");
    if let Some(path) = dictionary {
        context.load_dictionary(&std::fs::read(path).expect("a dictionary")).expect("a dictionary");
    }
    context
}

fn decompressor(dictionary: Option<&str>) -> DCtx<'static> {
    let mut context = DCtx::create();
    if let Some(path) = dictionary {
        context.load_dictionary(&std::fs::read(path).expect("a dictionary")).expect("a dictionary");
    }
    context
}

/// What this process has had of the processors.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock writes one timespec, which is there.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0, "the process has a clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Runs passes over all items until the time is up, in batches of at least 200 us, and prints the median processor time of one item.
fn measure(items: &[Vec<u8>], ms: u64, mut run: impl FnMut(&[u8]) -> usize) {
    let total: usize = items.iter().map(|item| run(item)).sum();
    let batch = Duration::from_micros(200);
    let mut now = processor_time();
    let end = now + Duration::from_millis(ms);
    let mut figures: Vec<f64> = Vec::new();
    while figures.is_empty() || now < end {
        let begin = now;
        let mut passes = 0u32;
        while passes == 0 || now - begin < batch {
            for item in items {
                run(item);
            }
            passes += 1;
            now = processor_time();
        }
        figures.push((now - begin).as_nanos() as f64 / (f64::from(passes) * items.len() as f64));
    }
    figures.sort_by(f64::total_cmp);
    println!("{}", figures[figures.len() / 2]);
    println!("{total}");
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let argument = |index: usize| arguments.get(index).map(String::as_str);
    let number = |index: usize| argument(index).and_then(|text| text.parse().ok()).unwrap_or(0);
    match argument(1) {
        Some("version") => println!("{}", zstd_safe::version_string()),
        Some("compress") => {
            let mut context = compressor(number(2) as i32, argument(3));
            let mut out = std::io::stdout().lock();
            for item in items() {
                let mut frame: Vec<u8> = Vec::with_capacity(zstd_safe::compress_bound(item.len()));
                context.compress2(&mut frame, &item).expect("it compresses");
                out.write_all(&(frame.len() as u32).to_le_bytes()).expect("stdout");
                out.write_all(&frame).expect("stdout");
            }
        }
        Some("bench-decode") => {
            let mut context = decompressor(argument(3));
            let items = items();
            let most = items.iter().map(|item| zstd_safe::get_frame_content_size(item).ok().flatten().unwrap_or(1 << 26)).max().unwrap_or(0);
            let mut out: Vec<u8> = Vec::with_capacity(most as usize);
            measure(&items, number(2) as u64, |item| context.decompress(&mut out, item).expect("it decompresses"));
        }
        Some("bench-encode") => {
            let mut context = compressor(number(3) as i32, argument(4));
            let items = items();
            let most = items.iter().map(Vec::len).max().unwrap_or(0);
            let mut out: Vec<u8> = Vec::with_capacity(zstd_safe::compress_bound(most));
            measure(&items, number(2) as u64, |item| context.compress2(&mut out, item).expect("it compresses"));
        }
        _ => {
            eprintln!("libzstd version | compress | bench-decode | bench-encode");
            std::process::exit(2);
        }
    }
}
