//! Natives of the command line, for `inspect` and `init`. Their sources are paths.

use napi::bindgen_prelude::{Buffer, Unknown};
use napi_derive::napi;

use crate::error;
use crate::module::{self, Source};

/// What `describe` returns, without the plan.
#[napi]
pub fn describe_outside<'s>(env: &'s napi::Env, path: String) -> napi::Result<Unknown<'s>> {
    error::run(env, |env| {
        let json = module::inspect(&Source::File(path.clone()), &path, false)?;
        Ok(env.parse_json(&json)?.into_unknown(env))
    })
}

/// What the `init` section of a file says, as JSON; `null` where the file has none.
#[napi]
pub fn init_show(env: &napi::Env, path: String) -> napi::Result<Option<String>> {
    error::run(env, |_| module::section(&Source::File(path.clone()), &path))
}

/// The bytes of a file with the `init` section that `json` says; `json_file` is where messages say it is from.
#[napi]
pub fn init_set(env: &napi::Env, path: String, json: String, json_file: String) -> napi::Result<Buffer> {
    error::run(env, |_| {
        module::set_section(&Source::File(path.clone()), &path, &json, &json_file).map(Buffer::from)
    })
}

/// The bytes of a file without its `init` section.
#[napi]
pub fn init_strip(env: &napi::Env, path: String) -> napi::Result<Buffer> {
    error::run(env, |_| {
        module::strip_section(&Source::File(path.clone()), &path).map(Buffer::from)
    })
}
