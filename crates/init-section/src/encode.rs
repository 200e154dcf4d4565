//! From a [`Section`] to bytes, and in and out of a binary.

use crate::decode::{VERSION, id};
use crate::sections::{self, CUSTOM};
use crate::{Args, Bind, Error, Kind, Run, Section, Select, Step};

impl Section {
    /// The content of the `init` section, without the name of the section. [`Section::decode`] is the inverse.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        u32(&mut out, VERSION as usize);
        if let Some(bind) = &self.bind {
            frame(&mut out, id::BIND, |out| vec(out, bind, write_bind));
        }
        if let Some(steps) = &self.steps {
            frame(&mut out, id::STEPS, |out| vec(out, steps, write_step));
        }
        if let Some(run) = &self.run {
            frame(&mut out, id::RUN, |out| write_run(out, run.as_ref()));
        }
        if let Some(hide) = &self.hide {
            frame(&mut out, id::HIDE, |out| vec(out, hide, write_select));
        }
        out
    }
}

/// The binary with this `init` section at its end, in place of the one it may have had.
///
/// # Errors
///
/// A compile error where the binary is malformed, a link error where it is a component and the section has a bind
/// part. Whether the plan fits the exports is not looked at; [`crate::resolve`] tells.
pub fn set_section(bytes: &[u8], section: &Section) -> Result<Vec<u8>, Error> {
    let (kind, _) = sections::open(bytes)?;
    if kind == Kind::Component && section.bind.is_some() {
        return Err(Error::link("the init section of a component has no bind part"));
    }
    let mut out = strip_section(bytes)?;
    frame(&mut out, CUSTOM, |out| {
        name(out, "init");
        out.extend(section.encode());
    });
    Ok(out)
}

/// The binary without its `init` section; the other bytes stay as they are.
///
/// # Errors
///
/// A compile error where the binary is malformed.
pub fn strip_section(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let (_, sections) = sections::open(bytes)?;
    let mut out = bytes[..8].to_vec();
    for section in sections {
        let section = section?;
        if section.id != CUSTOM || section.custom()?.0 != "init" {
            out.extend(&bytes[section.start..section.offset + section.body.len()]);
        }
    }
    Ok(out)
}

/// An integer, as LEB128. All integers of the format are sizes and counts of what is in memory here.
pub(crate) fn u32(out: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn name(out: &mut Vec<u8>, name: &str) {
    u32(out, name.len());
    out.extend(name.as_bytes());
}

pub(crate) fn frame(out: &mut Vec<u8>, id: u8, content: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    content(&mut body);
    out.push(id);
    u32(out, body.len());
    out.extend(body);
}

fn vec<T>(out: &mut Vec<u8>, items: &[T], item: fn(&mut Vec<u8>, &T)) {
    u32(out, items.len());
    for value in items {
        item(out, value);
    }
}

fn write_bind(out: &mut Vec<u8>, bind: &Bind) {
    name(out, &bind.service);
    name(out, &bind.memory);
    name(out, &bind.table);
}

// The enums without a payload are declared in the order of their bytes, and decode checks that it is so.

fn write_step(out: &mut Vec<u8>, step: &Step) {
    out.push(step.phase as u8);
    write_select(out, &step.select);
    match &step.args {
        Args::None => out.push(0),
        Args::Zeros => out.push(1),
        Args::Service(service) => {
            out.push(2);
            name(out, service);
        }
    }
    out.push(step.result as u8);
    out.push(step.if_missing as u8);
}

fn write_select(out: &mut Vec<u8>, select: &Select) {
    let (form, text) = match select {
        Select::Export(text) => (0, text),
        Select::Prefix(text) => (1, text),
    };
    out.push(form);
    name(out, text);
}

fn write_run(out: &mut Vec<u8>, run: Option<&Run>) {
    let Some(run) = run else {
        return out.push(0);
    };
    out.push(1);
    name(out, &run.export);
    out.push(run.args as u8);
    out.push(run.instance as u8);
    out.push(run.result as u8);
}
