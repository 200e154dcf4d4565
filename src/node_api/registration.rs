//! Module registration: the guest makes what it exports.
//!
//! <https://nodejs.org/api/n-api.html#module-registration>

use std::rc::Rc;

use super::addon::{Addon, value_of};
use crate::error::{Class, Error, code};
use crate::ffi::{Env, Value};

/// The newest version of Node-API that is there on every Node that we support.
pub const NODE_API_VERSION: i32 = 9;
/// What a module asks for that uses what is not settled yet.
const EXPERIMENTAL: i32 = i32::MAX;

impl Addon {
    /// Calls the function by which the guest registers. Returns what it exports: what the function returns, or the object
    /// that it was given.
    pub fn register<'s>(self: &Rc<Self>, env: Env<'s>, name: &str) -> Result<Value<'s>, Error> {
        self.check_version()?;
        self.create_environment()?;
        let exports = env.object()?;
        let environment = self.environment();
        let registered = self.enter(
            || {
                let handle = self.handles.borrow_mut().add(exports.raw());
                let handle = handle.ok_or_else(|| Error::internal("no handle for the exports"))?;
                self.call_export::<_, u32>(name, (environment, handle))
            },
            |returned| Ok(returned.and_then(|handle| self.handles.borrow().get(handle))),
        )?;
        if env.is_exception_pending() {
            return Err(Error::Thrown);
        }
        Ok(registered.map_or(exports, value_of))
    }

    /// emnapi 2 has the guest make its environment: a struct of which the address 8 bytes in is the `napi_env`, with a
    /// `napi_extended_error_info` in it that both sides write.
    fn create_environment(&self) -> Result<(), Error> {
        match self.enter_aside(|| self.call_export::<(), u32>("emnapi_create_env", ()))? {
            None => Ok(()),
            Some(0) => Err(Error::new(
                Class::RangeError,
                code::MEMORY,
                format!("{}: the addon has no memory left for its environment", self.file),
            )
            .with_text("file", &*self.file)),
            Some(base) => {
                self.set_environment(base.wrapping_add(8));
                self.last_error.keep_in_guest(base.wrapping_add(28));
                Ok(())
            }
        }
    }

    fn check_version(&self) -> Result<(), Error> {
        let version = self.enter_aside(|| self.call_export::<(), i32>("node_api_module_get_api_version_v1", ()))?;
        match version {
            Some(version) if version > NODE_API_VERSION && version != EXPERIMENTAL => Err(Error::new(
                Class::LinkError,
                code::UNSUPPORTED,
                format!(
                    "{}: the addon asks for Node-API {version}; there is up to version {NODE_API_VERSION}: compile it with \
                     NAPI_VERSION={NODE_API_VERSION}",
                    self.file
                ),
            )
            .with_text("file", &*self.file)),
            _ => Ok(()),
        }
    }
}
