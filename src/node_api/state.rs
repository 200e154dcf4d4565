//! What the chapters of the API keep for an addon, each its own part.

use super::async_context::AsyncContexts;
use super::async_work::AsyncWorks;
use super::cleanup_hooks::CleanupHooks;
use super::copies::Copies;
use super::descriptors::Accessors;
use super::emnapi::Emnapi;
use super::environment::InstanceData;
use super::error_handling::ErrorInfo;
use super::guest_data::Carried;
use super::kept_bytes::KeptBytes;
use super::loans::Loans;
use super::memory_management::ExternalMemory;
use super::promises::Deferreds;
use super::references::References;
use super::threadsafe_functions::ThreadsafeFunctions;

#[derive(Default)]
pub struct State {
    pub async_contexts: AsyncContexts,
    pub async_works: AsyncWorks,
    pub threadsafe_functions: ThreadsafeFunctions,
    pub emnapi: Emnapi,
    pub accessors: Accessors,
    pub carried: Carried,
    pub cleanup_hooks: CleanupHooks,
    pub copies: Copies,
    pub deferreds: Deferreds,
    pub error_info: ErrorInfo,
    pub instance_data: InstanceData,
    pub loans: Loans,
    pub references: References,
    pub external_memory: ExternalMemory,
    /// What `napi_get_node_version` and `node_api_get_module_file_name` point to.
    pub node_version: KeptBytes,
    pub file_name: KeptBytes,
}
