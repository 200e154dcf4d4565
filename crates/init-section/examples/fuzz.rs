//! Fuzzes without a fuzzer, on any compiler: `cargo run --release --example fuzz -- 1000000`.
//!
//! The first argument is the number of runs, the second the number of the first one: each run depends on its number
//! alone, so `fuzz 1 N` repeats run N. Further arguments are modules to start from, beside a few small ones.

#[path = "../fuzz/inputs.rs"]
mod inputs;
#[path = "../fuzz/properties.rs"]
mod properties;

use std::error::Error;
use std::panic;
use std::time::{Duration, Instant};

use inputs::{Random, seeds};
use wasmport_init_section::{Interface, Kind, Section};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let runs: u64 = arguments.next().ok_or("usage: fuzz RUNS [FIRST [FILE...]]")?.parse()?;
    let first: u64 = arguments.next().map_or(Ok(0), |first| first.parse())?;
    let mut seeds = seeds();
    for file in arguments {
        seeds.push(std::fs::read(file)?);
    }
    let started = Instant::now();
    let (mut planned, mut decoded, mut slowest) = (0u64, 0u64, (Duration::ZERO, 0));
    for run in first..first + runs {
        let began = Instant::now();
        let checked = panic::catch_unwind(|| {
            let mut random = Random::new(run);
            let section = random.section();
            let encoded = section.encode();
            assert_eq!(
                properties::section(&encoded, random.below(1000)).as_ref(),
                Some(&section)
            );
            let bytes = random.binary(&seeds);
            (properties::binary(&bytes), has_section(&bytes))
        });
        let Ok((plan, section)) = checked else {
            return Err(format!("run {run} failed").into());
        };
        planned += u64::from(plan);
        decoded += u64::from(section);
        slowest = slowest.max((began.elapsed(), run));
    }
    println!(
        "{runs} runs in {:.1?}: all properties hold; {decoded} binaries had a well-formed section, {planned} a plan; \
         the slowest was run {} with {:.1?}",
        started.elapsed(),
        slowest.1,
        slowest.0,
    );
    Ok(())
}

/// How many runs get past the first mistake tells whether they test anything.
fn has_section(bytes: &[u8]) -> bool {
    let interface = Interface::parse(bytes);
    let section = interface.map(|interface| interface.init.map(|payload| Section::decode(&payload, Kind::Module)));
    matches!(section, Ok(Some(Ok(_))))
}
