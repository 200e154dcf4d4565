//! The vectors of the `init` section, carried out by this host; their form: crates/init-section/vectors/README.md.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasmport_init_section::{ErrorKind, ExternType, Interface, Origin, Plan, Section, ValueType, set_section};
use wasmport_native_host::{Bound, Failure, Host, Loaded, Program, Service, Wasi, explain};
use wasmtime::{Caller, Extern, Linker, Memory, Store, Val};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1::WasiP1Ctx;

/// The binary of a vector.
#[derive(Deserialize)]
struct Source {
    name: String,
    wat: Option<String>,
    hex: Option<String>,
    section: Option<Section>,
    payload: Option<String>,
    #[serde(default)]
    strip: bool,
}

impl Source {
    fn binary(&self) -> Vec<u8> {
        let mut binary = match (&self.wat, &self.hex) {
            (Some(wat), None) => wat::parse_str(wat).expect("the vector's text"),
            (None, Some(hex)) => unhex(hex),
            _ => panic!("a vector has either wat or hex"),
        };
        match (&self.section, &self.payload) {
            // That the section can be stripped is the business of its crate.
            (Some(section), None) if !self.strip => set_section(&binary, section).expect("the section can be set"),
            (None, Some(payload)) => {
                let content = [b"\x04init", &*unhex(payload)].concat();
                binary.extend([0, u8::try_from(content.len()).expect("a short section")]);
                binary.extend(content);
                binary
            }
            _ => binary,
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let bytes = text.split_whitespace();
    bytes
        .map(|byte| u8::from_str_radix(byte, 16).expect("a byte in hexadecimal"))
        .collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expected {
    kind: String,
    offset: Option<usize>,
    exit_code: Option<i32>,
    #[serde(default)]
    trace: Vec<i32>,
    #[serde(default)]
    contains: Vec<String>,
}

impl Expected {
    fn check(&self, failure: &Failure) {
        let (kind, offset, code) = match failure {
            Failure::Plan(error) if error.kind() == ErrorKind::Compile => ("compile", error.offset(), None),
            Failure::Compile(_) => ("compile", None, None),
            Failure::Plan(_) | Failure::Link(_) => ("link", None, None),
            Failure::Trap(_) => ("trap", None, None),
            Failure::Exit(code) => ("exit", None, Some(*code)),
            Failure::NoEntry => ("no-entry", None, None),
        };
        assert_eq!((kind, code), (&*self.kind, self.exit_code), "{failure}");
        if self.offset.is_some() {
            assert_eq!(offset, self.offset, "{failure}");
        }
        for part in &self.contains {
            assert!(failure.to_string().contains(part), "{part:?} is not in: {failure}");
        }
    }
}

/// Runs all vectors of a file and reports those that fail.
fn each<V: DeserializeOwned>(file: &str, name: impl Fn(&V) -> &str, check: impl Fn(&V)) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../crates/init-section/vectors")
        .join(file);
    let text = std::fs::read_to_string(path).expect("the file of vectors");
    let vectors: Vec<V> = serde_json::from_str(&text).expect("vectors");
    assert!(!vectors.is_empty());
    let failed = vectors
        .iter()
        .filter(|vector| catch_unwind(AssertUnwindSafe(|| check(vector))).is_err());
    let failed: Vec<&str> = failed.map(name).collect();
    assert!(
        failed.is_empty(),
        "{} of {} failed: {failed:#?}",
        failed.len(),
        vectors.len()
    );
}

#[derive(Deserialize)]
struct PlanVector {
    #[serde(flatten)]
    source: Source,
    plan: Option<Plan>,
    origin: Option<Origin>,
    error: Option<Expected>,
}

#[test]
fn plans() {
    let files = [
        "infer-bind",
        "infer-steps",
        "infer-run",
        "override",
        "link-errors",
        "decode-errors",
        "malformed",
    ];
    for file in files {
        each(
            &format!("{file}.json"),
            |vector: &PlanVector| &vector.source.name,
            |vector| match (explain(&vector.source.binary()), &vector.error) {
                (Ok(resolved), None) => {
                    assert_eq!(Some(resolved.plan), vector.plan);
                    assert_eq!(Some(resolved.origin), vector.origin);
                }
                (Err(failure), Some(expected)) => expected.check(&failure),
                (found, _) => panic!("{found:?}"),
            },
        );
    }
}

/// What a store of the vectors' host holds.
struct Guest {
    trace: Arc<Mutex<Vec<i32>>>,
    memory: Option<Memory>,
    wasi: WasiP1Ctx,
}

/// The import module `host`.
struct Recorder;

impl Service<Guest> for Recorder {
    fn link(&self, linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
        linker.func_wrap("host", "log", |caller: Caller<'_, Guest>, value: i32| {
            caller.data().trace.lock().expect("no panic").push(value);
        })?;
        linker.func_wrap("host", "byte", |caller: Caller<'_, Guest>, at: i32| {
            match caller.data().memory {
                Some(memory) => i32::from(memory.data(&caller)[at as usize]),
                None => -1,
            }
        })?;
        Ok(())
    }

    fn bind(&self, store: &mut Store<Guest>, bound: Bound<'_>) -> Result<(), Failure> {
        store.data_mut().memory = match bound.memory {
            Extern::Memory(memory) => Some(memory),
            other => panic!("{other:?} is no memory"),
        };
        Ok(())
    }

    fn args(&self, _: &str) -> Result<Vec<Val>, Failure> {
        Ok(vec![Val::I32(7), Val::I32(11)])
    }

    fn namespace(&self, result: Val) -> Result<Vec<(String, Val)>, Failure> {
        Ok(vec![("result".to_owned(), result)])
    }
}

#[derive(Deserialize)]
struct CarryOut {
    #[serde(flatten)]
    source: Source,
    load: Option<Load>,
    #[serde(default)]
    task: Ending,
    #[serde(default)]
    calls: Vec<Call>,
    #[serde(default)]
    dispose: Ending,
    run: Option<Run>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Load {
    #[serde(default)]
    trace: Vec<i32>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    values: serde_json::Map<String, serde_json::Value>,
    error: Option<Expected>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ending {
    trace: Vec<i32>,
    error: Option<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    export: String,
    args: Vec<f64>,
    result: Option<f64>,
    #[serde(default)]
    trace: Vec<i32>,
    error: Option<Expected>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Run {
    exit_code: Option<i32>,
    error: Option<Expected>,
}

impl CarryOut {
    /// Carries the vector out on a host of its own.
    fn check(&self) {
        let binary = self.source.binary();
        let trace = Arc::new(Mutex::new(Vec::new()));
        let logged = || std::mem::take(&mut *trace.lock().expect("no panic"));
        let host = host(trace.clone());
        if let Some(load) = &self.load {
            match Program::new(&host, &binary).and_then(|program| self.check_loaded(load, &program, &binary, &logged)) {
                Ok(()) => assert!(load.error.is_none(), "it is loaded"),
                Err(failure) => {
                    let expected = load.error.as_ref().unwrap_or_else(|| panic!("{failure}"));
                    expected.check(&failure);
                    assert_eq!(logged(), expected.trace, "the trace of a load that fails");
                }
            }
        }
        if let Some(run) = &self.run {
            let code = Program::new(&host, &binary).and_then(|program| program.run());
            assert_eq!(outcome(code, run.error.as_ref()), run.exit_code);
        }
    }

    fn check_loaded(
        &self,
        load: &Load,
        program: &Program<'_, Guest>,
        binary: &[u8],
        logged: &dyn Fn() -> Vec<i32>,
    ) -> Result<(), Failure> {
        let mut loaded = program.load()?;
        assert_eq!(logged(), load.trace, "the trace of the load");
        let mut names = loaded.names();
        names.sort_by_key(|name| name.encode_utf16().collect::<Vec<_>>());
        assert_eq!(names, load.names);
        for (name, value) in &load.values {
            let found = loaded.value(name).map(number);
            assert_eq!(found, value.as_f64(), "the value of {name}");
        }
        outcome(loaded.tasks(), self.task.error.as_ref());
        assert_eq!(logged(), self.task.trace, "the trace of the tasks");
        for call in &self.calls {
            let results = call.carry_out(&mut loaded, binary);
            let result = outcome(results, call.error.as_ref()).and_then(|results| results.into_iter().next());
            assert_eq!(result.map(number), call.result, "the result of {}", call.export);
            assert_eq!(logged(), call.trace, "the trace of {}", call.export);
        }
        outcome(loaded.dispose(), self.dispose.error.as_ref());
        assert_eq!(logged(), self.dispose.trace, "the trace of dispose");
        Ok(())
    }
}

impl Call {
    fn carry_out(&self, loaded: &mut Loaded<'_, Guest>, binary: &[u8]) -> Result<Vec<Val>, Failure> {
        let interface = Interface::parse(binary).expect("it is loaded");
        let Some(ExternType::Func { params, .. }) = interface.export(&self.export).map(|export| &export.ty) else {
            panic!("{} is no function", self.export)
        };
        let args = params.iter().zip(&self.args).map(|(param, value)| match param {
            ValueType::I32 => Val::I32(*value as i32),
            ValueType::F64 => Val::F64(value.to_bits()),
            other => panic!("no vector calls with {other}"),
        });
        loaded.call(&self.export, &args.collect::<Vec<_>>())
    }
}

fn host(trace: Arc<Mutex<Vec<i32>>>) -> Host<Guest> {
    let data = move || {
        Ok(Guest {
            trace: trace.clone(),
            memory: None,
            wasi: WasiCtxBuilder::new().build_p1(),
        })
    };
    let host = Host::new(data).provide("host", Recorder);
    host.and_then(|host| host.provide("wasi_snapshot_preview1", Wasi(|guest: &mut Guest| &mut guest.wasi)))
        .expect("a host")
}

/// What a call returned; none where it failed as expected.
fn outcome<T>(result: Result<T, Failure>, expected: Option<&Expected>) -> Option<T> {
    match (result, expected) {
        (Ok(value), None) => Some(value),
        (Err(failure), Some(expected)) => {
            expected.check(&failure);
            None
        }
        (Ok(_), Some(expected)) => panic!("no {} error", expected.kind),
        (Err(failure), None) => panic!("{failure}"),
    }
}

fn number(value: Val) -> f64 {
    match value {
        Val::I32(value) => f64::from(value),
        Val::F64(bits) => f64::from_bits(bits),
        other => panic!("no vector has {other:?}"),
    }
}

#[test]
fn carrying_out() {
    each(
        "carry-out.json",
        |vector: &CarryOut| &vector.source.name,
        CarryOut::check,
    );
}
