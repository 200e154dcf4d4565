//! A module that a store has instances of.

use std::cell::OnceCell;
use std::sync::Arc;

use wasmtime::Module;

pub struct StoreModule {
    module: Module,
    /// Where it came from.
    file: Arc<str>,
    /// Where each function begins in the module's code, in that order, and its index. Only asked for
    /// functions that come out of a table or a reference: an export says its index itself.
    functions: OnceCell<Vec<(usize, u32)>>,
}

impl StoreModule {
    pub fn new(module: &Module, file: &Arc<str>) -> StoreModule {
        StoreModule {
            module: module.clone(),
            file: file.clone(),
            functions: OnceCell::new(),
        }
    }

    pub fn is(&self, module: &Module) -> bool {
        Module::same(&self.module, module)
    }

    pub fn file(&self) -> &str {
        &self.file
    }

    pub fn shared_file(&self) -> Arc<str> {
        self.file.clone()
    }

    /// The index of the function whose code begins at an address, if it is one of this module.
    pub fn function_index(&self, address: usize) -> Option<u32> {
        let text = self.module.text().as_ptr_range();
        if !(text.start as usize..text.end as usize).contains(&address) {
            return None;
        }
        let functions = self.functions.get_or_init(|| {
            let functions = self.module.functions();
            let mut functions: Vec<_> = functions
                .map(|function| (function.offset, function.index.as_u32()))
                .collect();
            functions.sort_unstable();
            functions
        });
        let offset = address - text.start as usize;
        let at = functions.binary_search_by_key(&offset, |(offset, _)| *offset).ok()?;
        Some(functions[at].1)
    }
}
