//! Pseudo-random input, the same on every machine, and binaries to start from.

use wasmport_init_section::{
    Args, Bind, IfMissing, Instance, Phase, Run, RunArgs, RunResult, Section, Select, Step, StepResult, set_section,
};

/// Xorshift64.
pub struct Random(u64);

impl Random {
    /// A sequence of its own for every number.
    pub fn new(number: u64) -> Random {
        // Neighbours are scattered, and none becomes 0, where the generator would stay.
        Random(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn name(&mut self) -> String {
        let length = self.pick(&[0, 1, 1, 3, 3, 8, 130]);
        (0..length)
            .map(|_| self.pick(&['a', '_', '\0', 'é', '√', '🦀']))
            .collect()
    }

    fn vec<T>(&mut self, item: fn(&mut Self) -> T) -> Vec<T> {
        let length = self.pick(&[0, 1, 1, 2, 2, 3, 5, 130]);
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

    pub fn section(&mut self) -> Section {
        Section {
            bind: self.maybe(|random| random.vec(Random::bind)),
            steps: self.maybe(|random| random.vec(Random::step)),
            run: self.maybe(|random| random.maybe(Random::run)),
            hide: self.maybe(|random| random.vec(Random::select)),
        }
    }
    /// A binary that is a changed seed, most of the time with a section more.
    pub fn binary(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        if self.below(4) > 0 {
            let mut content = b"\x04init".to_vec();
            content.extend(self.section().encode());
            let size = content.len() as u32;
            bytes.push(0);
            // An integer in its longest form.
            bytes.extend([0, 7, 14, 21].map(|shift| (size >> shift) as u8 | 0x80));
            bytes.push((size >> 28) as u8);
            bytes.extend(content);
        }
        if self.below(4) > 0 {
            self.mutate(&mut bytes);
        }
        bytes
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let length = bytes.len();
            if length == 0 {
                return;
            }
            // Most of a real module is code. Its interface stands before that, and an init section behind it.
            let position = match self.below(3) {
                0 => self.below(length),
                1 => self.below(length.min(4096)),
                _ => length - 1 - self.below(length.min(256)),
            };
            match self.below(24) {
                0 => bytes.truncate(position),
                1..6 => bytes[position] = self.below(256) as u8,
                6..12 => bytes[position] ^= 1 << self.below(8),
                12..16 => bytes.insert(position, self.below(256) as u8),
                16..20 => drop(bytes.remove(position)),
                _ => {
                    let count = self.below(16).min(length - position);
                    bytes.copy_within(position..position + count, self.below(length - count + 1));
                }
            }
        }
    }
}

/// Binaries that have a bit of everything, so that mutations reach every reader.
pub fn seeds() -> Vec<Vec<u8>> {
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
