//! From a [`Section`] to bytes, in constants.

use crate::plan::Args;
use crate::{Bind, Run, Section, Select, Step};

const VERSION: u8 = 1;

/// The ids of the sub-sections.
mod id {
    pub(super) const BIND: u8 = 1;
    pub(super) const STEPS: u8 = 2;
    pub(super) const RUN: u8 = 3;
    pub(super) const HIDE: u8 = 4;
}

impl Section<'_> {
    /// How many bytes the content of the section has.
    pub const fn encoded_len(&self) -> usize {
        self.write(COUNT).length
    }

    /// The content of the section. `N` is [`Section::encoded_len`]; any other is an error.
    pub const fn encode<const N: usize>(&self) -> [u8; N] {
        let out = self.write(Out::<N>::new());
        assert!(out.length == N, "the array has another length than the section");
        out.bytes
    }

    const fn write<const N: usize>(&self, mut out: Out<N>) -> Out<N> {
        out = out.byte(VERSION);
        if let Some(bind) = self.bind {
            out = out.byte(id::BIND).size(binds(COUNT, bind).length);
            out = binds(out, bind);
        }
        if let Some(list) = self.steps {
            out = out.byte(id::STEPS).size(steps(COUNT, list).length);
            out = steps(out, list);
        }
        if let Some(entry) = self.run {
            out = out.byte(id::RUN).size(run(COUNT, entry).length);
            out = run(out, entry);
        }
        if let Some(hide) = self.hide {
            out = out.byte(id::HIDE).size(selects(COUNT, hide).length);
            out = selects(out, hide);
        }
        out
    }
}

/// What is written, as far as there is room. All that is written is counted, so that with no room at all the same
/// functions tell how long it is. (It goes by value because constants could not have `&mut` before Rust 1.83.)
#[derive(Clone, Copy)]
struct Out<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

/// Only counts.
const COUNT: Out<0> = Out::new();

impl<const N: usize> Out<N> {
    const fn new() -> Self {
        Out {
            bytes: [0; N],
            length: 0,
        }
    }

    const fn byte(mut self, byte: u8) -> Self {
        if self.length < N {
            self.bytes[self.length] = byte;
        }
        self.length += 1;
        self
    }

    /// A size or count, as LEB128.
    const fn size(mut self, mut size: usize) -> Self {
        while size > 0x7f {
            self = self.byte(size as u8 | 0x80);
            size >>= 7;
        }
        self.byte(size as u8)
    }

    const fn name(mut self, name: &str) -> Self {
        let bytes = name.as_bytes();
        self = self.size(bytes.len());
        let mut at = 0;
        while at < bytes.len() {
            self = self.byte(bytes[at]);
            at += 1;
        }
        self
    }

    const fn select(self, select: Select<'_>) -> Self {
        match select {
            Select::Export(name) => self.byte(0).name(name),
            Select::Prefix(name) => self.byte(1).name(name),
        }
    }
}

const fn binds<const N: usize>(mut out: Out<N>, list: &[Bind<'_>]) -> Out<N> {
    out = out.size(list.len());
    let mut at = 0;
    while at < list.len() {
        let bind = list[at];
        out = out.name(bind.service).name(bind.memory).name(bind.table);
        at += 1;
    }
    out
}

const fn steps<const N: usize>(mut out: Out<N>, list: &[Step<'_>]) -> Out<N> {
    out = out.size(list.len());
    let mut at = 0;
    while at < list.len() {
        let step = list[at];
        out = out.byte(step.phase as u8).select(step.select);
        out = match step.args {
            Args::Service(service) => out.byte(2).name(service),
            _ if step.namespace => panic!("a namespace is made by a service: say which with args_from"),
            Args::None => out.byte(0),
            Args::Zeros => out.byte(1),
        };
        out = out.byte(step.namespace as u8).byte(step.skip_if_missing as u8);
        at += 1;
    }
    out
}

const fn run<const N: usize>(out: Out<N>, entry: Option<Run<'_>>) -> Out<N> {
    match entry {
        None => out.byte(0),
        Some(run) => {
            let out = out.byte(1).name(run.export).byte(run.zeros as u8);
            out.byte(run.fresh as u8).byte(run.exit_code as u8)
        }
    }
}

const fn selects<const N: usize>(mut out: Out<N>, list: &[Select<'_>]) -> Out<N> {
    out = out.size(list.len());
    let mut at = 0;
    while at < list.len() {
        out = out.select(list[at]);
        at += 1;
    }
    out
}
