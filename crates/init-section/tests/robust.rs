//! Any bytes are read without a panic, and any section survives encoding. The inputs are pseudo-random and the same
//! on every run.

use wasmport_init_section::{
    Args, Bind, ErrorKind, IfMissing, InitPayload, Instance, Interface, Kind, Phase, Run, RunArgs, RunResult, Section,
    Select, Step, StepResult, resolve, set_section, strip_section,
};

/// Xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn name(&mut self) -> String {
        let length = self.pick(&[0, 1, 3, 8, 130]);
        (0..length)
            .map(|_| self.pick(&['a', '_', '\0', 'é', '√', '🦀']))
            .collect()
    }

    fn vec<T>(&mut self, item: fn(&mut Self) -> T) -> Vec<T> {
        let length = self.pick(&[0, 1, 2, 5, 200]);
        (0..length).map(|_| item(self)).collect()
    }

    fn maybe<T>(&mut self, item: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) > 0).then(|| item(self))
    }

    fn select(&mut self) -> Select {
        let form = self.pick(&[Select::Export as fn(String) -> Select, Select::Prefix]);
        form(self.name())
    }

    fn bind(&mut self) -> Bind {
        Bind {
            service: self.name(),
            memory: self.name(),
            table: self.name(),
        }
    }

    fn step(&mut self) -> Step {
        Step {
            phase: self.pick(&[Phase::Evaluate, Phase::Task, Phase::Dispose]),
            select: self.select(),
            args: match self.below(3) {
                0 => Args::None,
                1 => Args::Zeros,
                _ => Args::Service(self.name()),
            },
            result: self.pick(&[StepResult::Ignore, StepResult::Namespace]),
            if_missing: self.pick(&[IfMissing::Error, IfMissing::Skip]),
        }
    }

    fn run(&mut self) -> Run {
        Run {
            export: self.name(),
            args: self.pick(&[RunArgs::None, RunArgs::Zeros]),
            instance: self.pick(&[Instance::Same, Instance::Fresh]),
            result: self.pick(&[RunResult::None, RunResult::ExitCode]),
        }
    }

    fn section(&mut self) -> Section {
        Section {
            bind: self.maybe(|random| random.vec(Random::bind)),
            steps: self.maybe(|random| random.vec(Random::step)),
            run: self.maybe(|random| random.maybe(Random::run)),
            hide: self.maybe(|random| random.vec(Random::select)),
        }
    }
}

/// Binaries that have a bit of everything, so that mutations reach every reader.
fn seeds() -> Vec<Vec<u8>> {
    let module = r#"(module $m
        (rec (type $s (struct (field (mut i32)))) (type $a (array i8)))
        (type $f (func (param (ref $s) (ref null $a)) (result externref)))
        (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
        (import "napi" "napi_create_object" (func (param i32 i32) (result i32)))
        (import "env" "memory" (memory 1 2 shared))
        (import "env" "tag" (tag (param i32)))
        (export "memory" (memory 0))
        (memory (export "m64") i64 1)
        (table (export "__indirect_function_table") 1 funcref)
        (global (export "g") anyref (ref.null any))
        (tag (export "t") (param i64))
        (func (export "gc") (type $f) unreachable)
        (func (export "hs_init") (param i32 i32))
        (func (export "__napi_register__a"))
        (func (export "_initialize"))
        (func (export "napi_register_wasm_v1") (param i32 i32) (result i32) local.get 1)
        (@producers (language "Rust" "2024")))"#;
    let component = r#"(component
        (import "host" (func $host))
        (import "wasi:cli/environment@0.2.0" (instance $environment))
        (core module $m (func (export "inner")))
        (export "call" (func $host))
        (export "wasi:cli/run@0.2.0" (instance $environment)))"#;
    let section = |text: &str| serde_json::from_str::<Section>(text).expect("a section");
    let full = section(
        r#"{ "bind": [{ "service": "napi", "memory": "memory", "table": "__indirect_function_table" }],
             "steps": [{ "phase": "evaluate", "select": { "prefix": "__napi_register__" } },
                       { "phase": "task", "select": { "export": "napi_register_wasm_v1" },
                         "args": { "service": "napi" }, "result": "namespace" }],
             "run": { "export": "_initialize", "instance": "same", "result": "none" },
             "hide": [{ "export": "gc" }] }"#,
    );
    let small = section(r#"{ "steps": [], "hide": [{ "prefix": "_" }] }"#);
    [(module, full), (component, small)]
        .into_iter()
        .flat_map(|(text, section)| {
            let plain = wat::parse_str(text).expect("the text of a binary");
            let with = set_section(&plain, &section).expect("a binary");
            [plain, with]
        })
        .collect()
}

/// Reads the bytes in every way there is. What it returns is right or wrong, but it returns.
fn read(bytes: &[u8]) -> bool {
    let found = Interface::parse(bytes).and_then(|interface| resolve(&interface));
    if let Err(error) = &found {
        assert_eq!(error.offset().is_some(), error.kind() == ErrorKind::Compile, "{error}");
        assert!(error.offset().unwrap_or(0) <= bytes.len(), "{error}");
    }
    if let Ok(stripped) = strip_section(bytes) {
        assert_eq!(strip_section(&stripped).as_ref(), Ok(&stripped));
    }
    found.is_ok()
}

#[test]
fn seeds_are_fine() {
    assert!(seeds().iter().all(|seed| read(seed)));
}

#[test]
fn truncated_binaries() {
    for seed in seeds() {
        for length in 0..seed.len() {
            read(&seed[..length]);
        }
    }
}

#[test]
fn mutated_binaries() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for seed in seeds() {
        // Every byte takes the values that are most likely to matter.
        for position in 8..seed.len() {
            for byte in [
                0,
                1,
                2,
                0x7f,
                0x80,
                0xff,
                seed[position] ^ 1,
                seed[position].wrapping_add(1),
            ] {
                let mut bytes = seed.clone();
                bytes[position] = byte;
                read(&bytes);
            }
        }
        for _ in 0..20_000 {
            let mut bytes = seed.clone();
            for _ in 0..=random.below(8) {
                let position = random.below(bytes.len());
                match random.below(3) {
                    0 => bytes[position] = random.below(256) as u8,
                    1 => bytes.insert(position, random.below(256) as u8),
                    _ => drop(bytes.remove(position)),
                }
            }
            read(&bytes);
        }
    }
}

#[test]
fn random_sections() {
    let mut random = Random(0x0123_4567_89ab_cdef);
    for _ in 0..100_000 {
        let length = random.below(40);
        let mut bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        if let [version, id, ..] = &mut *bytes {
            (*version, *id) = (1, random.pick(&[1, 2, 3, 4, 0x85]));
        }
        let offset = random.below(1000);
        let payload = InitPayload { offset, bytes };
        match Section::decode(&payload, Kind::Module) {
            // The shortest encoding of what was understood means the same.
            Ok(section) => {
                let again = InitPayload {
                    offset,
                    bytes: section.encode(),
                };
                assert_eq!(Section::decode(&again, Kind::Module), Ok(section));
            }
            Err(error) => {
                let position = error.offset().expect("an offset");
                assert!((offset..=offset + length).contains(&position), "{error}");
            }
        }
    }
}

#[test]
fn decode_is_the_inverse_of_encode() {
    let module = wat::parse_str(r#"(module (func (export "f")))"#).expect("a module");
    let mut random = Random(0xfeed_beef_cafe_f00d);
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
