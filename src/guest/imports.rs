//! Calls from a guest's thread to functions of JavaScript, which run on the JavaScript thread while this one waits.

use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

use wasmtime::{AsContextMut, Caller, Extern, Func, FuncType, Val, bail};
use wiggle::{GuestMemory, GuestPtr};

use super::Guest;
use crate::error::{Interrupted, Threw};
use crate::store::Data;

/// The functions of JavaScript among a guest's imports.
pub struct JsImports {
    /// Which imports they are, by position.
    pub given: Vec<bool>,
    /// Takes a request to the JavaScript thread; false if that takes none any more.
    pub ask: Box<dyn Fn(Request) -> bool + Send + Sync>,
    /// Is told when a thread begins to wait for an answer, and when it has it: what it waits for may be another program.
    pub wait: fn(bool),
}

/// A call of an import.
pub struct Request {
    /// Which import of the module, by its position among all of them.
    pub import: u32,
    pub arguments: Vec<Argument>,
    /// Where the answer goes, and what is to be done before it.
    pub answer: Sender<Message>,
}

/// A value that crosses between the threads.
#[derive(Debug, Clone, Copy)]
pub enum Argument {
    I32(i32),
    I64(i64),
    F32(f32),
    F64(f64),
}

/// What the JavaScript thread says to one that waits for it.
pub enum Message {
    /// Read so many bytes at an address. None is for an address beyond the memory.
    Read(u64, usize, Sender<Option<Vec<u8>>>),
    Write(u64, Vec<u8>, Sender<Option<()>>),
    Returned(Vec<Argument>),
    Threw,
    /// The guest is to end.
    Interrupted,
}

impl Argument {
    fn of(value: &Val) -> wasmtime::Result<Argument> {
        Ok(match value {
            Val::I32(value) => Argument::I32(*value),
            Val::I64(value) => Argument::I64(*value),
            Val::F32(bits) => Argument::F32(f32::from_bits(*bits)),
            Val::F64(bits) => Argument::F64(f64::from_bits(*bits)),
            _ => bail!("only numbers cross between threads"),
        })
    }
}

impl From<Argument> for Val {
    fn from(argument: Argument) -> Val {
        match argument {
            Argument::I32(value) => Val::I32(value),
            Argument::I64(value) => Val::I64(value),
            Argument::F32(value) => Val::F32(value.to_bits()),
            Argument::F64(value) => Val::F64(value.to_bits()),
        }
    }
}

/// The host function for an import that JavaScript provides.
pub fn function(
    mut cx: impl AsContextMut<Data = Data>,
    guest: &Arc<Guest>,
    import: u32,
    name: &str,
    ty: FuncType,
) -> Func {
    let guest = guest.clone();
    let name = name.to_owned();
    Func::new(cx.as_context_mut(), ty, move |mut caller, args, results| {
        call(&guest, import, &name, &mut caller, args, results)
    })
}

fn call(
    guest: &Guest,
    import: u32,
    name: &str,
    caller: &mut Caller<'_, Data>,
    args: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let Some(imports) = &guest.imports else {
        bail!(
            "a thread called the import '{name}', a function of JavaScript, which only the thread that loaded the module can"
        );
    };
    let (answer, answers) = mpsc::channel();
    let arguments = args.iter().map(Argument::of).collect::<Result<_, _>>()?;
    let waiting = guest.wait_for(answer.clone());
    let asked = (imports.ask)(Request {
        import,
        arguments,
        answer,
    });
    (imports.wait)(true);
    let answered: wasmtime::Result<Vec<Argument>> = loop {
        // It may have been too late to be told.
        if !asked || guest.has_ended() {
            break Err(Interrupted.into());
        }
        match answers.recv() {
            Ok(Message::Read(address, length, reply)) => drop(reply.send(read(guest, caller, address, length))),
            Ok(Message::Write(address, bytes, reply)) => drop(reply.send(write(guest, caller, address, &bytes))),
            Ok(Message::Returned(values)) => break Ok(values),
            Ok(Message::Threw) => break Err(Threw.into()),
            Ok(Message::Interrupted) | Err(_) => break Err(Interrupted.into()),
        }
    };
    (imports.wait)(false);
    guest.waited(waiting);
    for (result, value) in results.iter_mut().zip(answered?) {
        *result = value.into();
    }
    Ok(())
}

impl Guest {
    /// Notes a call that waits, to be told if the guest is to end.
    fn wait_for(&self, answer: Sender<Message>) -> u64 {
        let mut state = self.state();
        state.last_call += 1;
        let call = state.last_call;
        state.waiting.push((call, answer));
        call
    }

    fn waited(&self, call: u64) {
        self.state().waiting.retain(|(other, _)| *other != call);
    }
}

/// Does something with the bytes of the guest's memory.
fn with_memory<R>(
    guest: &Guest,
    caller: &mut Caller<'_, Data>,
    f: impl FnOnce(&mut GuestMemory<'_>) -> Option<R>,
) -> Option<R> {
    let memory = match guest.memory(0) {
        Some(memory) => Extern::SharedMemory(memory),
        None => caller.get_export(guest.module.main_memory()?)?,
    };
    match memory {
        Extern::SharedMemory(memory) => f(&mut GuestMemory::Shared(memory.data())),
        Extern::Memory(memory) => f(&mut GuestMemory::Unshared(memory.data_mut(caller))),
        _ => None,
    }
}

fn span(address: u64, length: usize) -> Option<GuestPtr<[u8]>> {
    Some(GuestPtr::new((address.try_into().ok()?, length.try_into().ok()?)))
}

fn read(guest: &Guest, caller: &mut Caller<'_, Data>, address: u64, length: usize) -> Option<Vec<u8>> {
    let span = span(address, length)?;
    with_memory(guest, caller, |memory| memory.to_vec(span).ok())
}

fn write(guest: &Guest, caller: &mut Caller<'_, Data>, address: u64, bytes: &[u8]) -> Option<()> {
    let span = span(address, bytes.len())?;
    with_memory(guest, caller, |memory| memory.copy_from_slice(bytes, span).ok())
}
