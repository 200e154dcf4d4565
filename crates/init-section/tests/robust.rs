//! Any bytes are read without a panic, and any section survives encoding. The inputs are pseudo-random and the same
//! on every run. `examples/fuzz.rs` goes on from here, for as long as one wants.

#[path = "../fuzz/inputs.rs"]
mod inputs;
#[path = "../fuzz/properties.rs"]
mod properties;

use inputs::{Random, seeds};
use wasmport_init_section::{Interface, Kind, Section, set_section, strip_section};

#[test]
fn seeds_are_fine() {
    assert!(seeds().iter().all(|seed| properties::binary(seed)));
}

#[test]
fn truncated_binaries() {
    for seed in seeds() {
        for length in 0..seed.len() {
            properties::binary(&seed[..length]);
        }
    }
}

/// Every byte takes the values that are most likely to matter.
#[test]
fn every_byte_changed() {
    for seed in seeds() {
        for position in 8..seed.len() {
            let byte = seed[position];
            for byte in [0, 1, 2, 0x7f, 0x80, 0xff, byte ^ 1, byte.wrapping_add(1)] {
                let mut bytes = seed.clone();
                bytes[position] = byte;
                properties::binary(&bytes);
            }
        }
    }
}

#[test]
fn mutated_binaries() {
    let seeds = seeds();
    for number in 0..40_000 {
        properties::binary(&Random::new(number).binary(&seeds));
    }
}

#[test]
fn random_sections() {
    let mut random = Random::new(1);
    let mut understood = 0;
    for _ in 0..100_000 {
        let length = random.below(40);
        let mut bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        if let [version, id, ..] = &mut *bytes {
            (*version, *id) = (1, random.pick(&[1, 2, 3, 4, 0x85]));
        }
        understood += usize::from(properties::section(&bytes, random.below(1000)).is_some());
    }
    assert!(understood > 20, "too few to mean anything: {understood}");
}

#[test]
fn decode_is_the_inverse_of_encode() {
    let module = wat::parse_str(r#"(module (func (export "f")))"#).expect("a module");
    let mut random = Random::new(2);
    for _ in 0..2_000 {
        let section = random.section();
        let bytes = set_section(&module, &section).expect("a module");
        let payload = Interface::parse(&bytes).expect("a module").init.expect("a section");
        assert_eq!(payload.bytes, section.encode());
        assert_eq!(Section::decode(&payload, Kind::Module).as_ref(), Ok(&section));
        let text = serde_json::to_string(&section).expect("JSON");
        assert_eq!(serde_json::from_str::<Section>(&text).expect("a section"), section);
        assert_eq!(strip_section(&bytes).as_ref(), Ok(&module));
    }
}
