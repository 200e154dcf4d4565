//! Preview 1: the interface that `wasmtime-wasi` decodes calls for, on a [`Host`].

use wasmtime_wasi::p1::types::*;
use wasmtime_wasi::p1::wasi_snapshot_preview1;
pub use wasmtime_wasi::p1::wasi_snapshot_preview1::*;
use wiggle::{GuestMemory, GuestPtr};

use super::descriptor::{Descriptor, Object, stream_rights};
use super::errno::{Fault, Result};
use super::file;
use super::host::{Host, follows};
use super::path;
use super::poll::MAX_SUBSCRIPTIONS;
use super::signal;
use super::socket;
use super::times::Times;
use super::vectors::{gather, scatter};
use crate::error::Exit;

/// The most bytes that are made at a time for memory that others may use meanwhile.
const CHUNK: usize = 64 * 1024;

/// Writes each string with a NUL after it to `bytes`, and where it begins to `starts`.
fn write_strings(
    memory: &mut GuestMemory<'_>,
    strings: &[String],
    mut starts: GuestPtr<GuestPtr<u8>>,
    mut bytes: GuestPtr<u8>,
) -> Result<()> {
    for string in strings {
        memory.write(starts, bytes)?;
        starts = starts.add(1)?;
        let length = u32::try_from(string.len())?;
        memory.copy_from_slice(string.as_bytes(), bytes.as_array(length))?;
        bytes = bytes.add(length)?;
        memory.write(bytes, 0)?;
        bytes = bytes.add(1)?;
    }
    Ok(())
}

/// How many strings there are, and the bytes that they need.
fn sizes(strings: &[String]) -> Result<(Size, Size)> {
    let bytes: usize = strings.iter().map(|string| string.len() + 1).sum();
    Ok((Size::try_from(strings.len())?, Size::try_from(bytes)?))
}

/// Copies as much as fits and returns how much that is.
fn write_fitting(memory: &mut GuestMemory<'_>, bytes: &[u8], buffer: GuestPtr<u8>, length: Size) -> Result<Size> {
    let bytes = &bytes[..bytes.len().min(length as usize)];
    let written = Size::try_from(bytes.len())?;
    memory.copy_from_slice(bytes, buffer.as_array(written))?;
    Ok(written)
}

/// The interface's own, but for rights that do not exist: many guests ask for all bits.
#[allow(clippy::too_many_arguments)]
pub async fn path_open(
    host: &mut Host<'_>,
    memory: Memory<'_, '_>,
    fd: i32,
    dir_flags: i32,
    path: i32,
    path_len: i32,
    oflags: i32,
    rights: i64,
    rights_inheriting: i64,
    fd_flags: i32,
    opened: i32,
) -> wasmtime::Result<i32> {
    let known = |rights: i64| rights & Rights::all().bits().cast_signed();
    let (rights, inheriting) = (known(rights), known(rights_inheriting));
    wasi_snapshot_preview1::path_open(
        host, memory, fd, dir_flags, path, path_len, oflags, rights, inheriting, fd_flags, opened,
    )
    .await
}

/// What the interface takes for an answer.
type Answer<T> = std::result::Result<T, Error>;
type Memory<'a, 'b> = &'a mut GuestMemory<'b>;

impl WasiSnapshotPreview1 for Host<'_> {
    fn args_get(&mut self, memory: Memory<'_, '_>, argv: GuestPtr<GuestPtr<u8>>, bytes: GuestPtr<u8>) -> Answer<()> {
        Ok(write_strings(memory, &self.0.args, argv, bytes)?)
    }

    fn args_sizes_get(&mut self, _: Memory<'_, '_>) -> Answer<(Size, Size)> {
        Ok(sizes(&self.0.args)?)
    }

    fn environ_get(
        &mut self,
        memory: Memory<'_, '_>,
        environ: GuestPtr<GuestPtr<u8>>,
        bytes: GuestPtr<u8>,
    ) -> Answer<()> {
        Ok(write_strings(memory, &self.0.env, environ, bytes)?)
    }

    fn environ_sizes_get(&mut self, _: Memory<'_, '_>) -> Answer<(Size, Size)> {
        Ok(sizes(&self.0.env)?)
    }

    fn clock_res_get(&mut self, _: Memory<'_, '_>, id: Clockid) -> Answer<Timestamp> {
        Ok(self.0.clock.resolution(id))
    }

    fn clock_time_get(&mut self, _: Memory<'_, '_>, id: Clockid, _: Timestamp) -> Answer<Timestamp> {
        Ok(self.0.clock.read(id))
    }

    async fn fd_advise(
        &mut self,
        _: Memory<'_, '_>,
        fd: Fd,
        offset: Filesize,
        len: Filesize,
        advice: Advice,
    ) -> Answer<()> {
        Ok(self.with_file(fd, Rights::FD_ADVISE, |file| file::advise(file, offset, len, advice))?)
    }

    fn fd_allocate(&mut self, _: Memory<'_, '_>, fd: Fd, offset: Filesize, len: Filesize) -> Answer<()> {
        Ok(self.with_file(fd, Rights::FD_ALLOCATE, |file| file.allocate(offset, len))?)
    }

    async fn fd_close(&mut self, _: Memory<'_, '_>, fd: Fd) -> Answer<()> {
        Ok(self.0.table.close(fd)?)
    }

    async fn fd_datasync(&mut self, _: Memory<'_, '_>, fd: Fd) -> Answer<()> {
        let descriptor = self.get(fd)?;
        descriptor.check(Rights::FD_DATASYNC)?;
        Ok(descriptor.sync(|fd| rustix::fs::fdatasync(fd))?)
    }

    async fn fd_sync(&mut self, _: Memory<'_, '_>, fd: Fd) -> Answer<()> {
        let descriptor = self.get(fd)?;
        descriptor.check(Rights::FD_SYNC)?;
        Ok(descriptor.sync(|fd| rustix::fs::fsync(fd))?)
    }

    async fn fd_fdstat_get(&mut self, _: Memory<'_, '_>, fd: Fd) -> Answer<Fdstat> {
        Ok(self.get(fd)?.fdstat())
    }

    fn fd_fdstat_set_flags(&mut self, _: Memory<'_, '_>, fd: Fd, flags: Fdflags) -> Answer<()> {
        let descriptor = self.get(fd)?;
        descriptor.check(Rights::FD_FDSTAT_SET_FLAGS)?;
        Ok(descriptor.set_flags(flags)?)
    }

    fn fd_fdstat_set_rights(&mut self, _: Memory<'_, '_>, fd: Fd, base: Rights, inheriting: Rights) -> Answer<()> {
        Ok(self.get(fd)?.shrink(base, inheriting)?)
    }

    async fn fd_filestat_get(&mut self, _: Memory<'_, '_>, fd: Fd) -> Answer<Filestat> {
        Ok(self.stat(fd)?)
    }

    async fn fd_filestat_set_size(&mut self, _: Memory<'_, '_>, fd: Fd, size: Filesize) -> Answer<()> {
        Ok(self.with_file(fd, Rights::FD_FILESTAT_SET_SIZE, |file| file.set_size(size))?)
    }

    async fn fd_filestat_set_times(
        &mut self,
        _: Memory<'_, '_>,
        fd: Fd,
        atim: Timestamp,
        mtim: Timestamp,
        flags: Fstflags,
    ) -> Answer<()> {
        let times = Times::new(atim, mtim, flags)?;
        let descriptor = self.get(fd)?;
        descriptor.check(Rights::FD_FILESTAT_SET_TIMES)?;
        Ok(descriptor.set_times(times)?)
    }

    async fn fd_read(&mut self, memory: Memory<'_, '_>, fd: Fd, iovs: IovecArray) -> Answer<Size> {
        let descriptor = self.get(fd)?;
        descriptor.check_contents(Rights::FD_READ)?;
        let waiter = self.0.waiter();
        Ok(scatter(memory, iovs, |buffer| descriptor.read(buffer, waiter))?)
    }

    async fn fd_pread(&mut self, memory: Memory<'_, '_>, fd: Fd, iovs: IovecArray, offset: Filesize) -> Answer<Size> {
        let waiter = self.0.waiter();
        Ok(self.with_position(fd, Rights::FD_READ, |file| {
            scatter(memory, iovs, |buffer| file.read_at(buffer, offset, waiter))
        })?)
    }

    async fn fd_write(&mut self, memory: Memory<'_, '_>, fd: Fd, ciovs: CiovecArray) -> Answer<Size> {
        let descriptor = self.get(fd)?;
        descriptor.check_contents(Rights::FD_WRITE)?;
        let waiter = self.0.waiter();
        let written = gather(memory, ciovs, |slices| descriptor.write(slices, waiter))?;
        Ok(Size::try_from(written).map_err(Fault::from)?)
    }

    async fn fd_pwrite(
        &mut self,
        memory: Memory<'_, '_>,
        fd: Fd,
        ciovs: CiovecArray,
        offset: Filesize,
    ) -> Answer<Size> {
        let waiter = self.0.waiter();
        let written = self.with_position(fd, Rights::FD_WRITE, |file| {
            gather(memory, ciovs, |slices| file.write_at(slices, offset, waiter))
        })?;
        Ok(Size::try_from(written).map_err(Fault::from)?)
    }

    fn fd_prestat_get(&mut self, _: Memory<'_, '_>, fd: Fd) -> Answer<Prestat> {
        let descriptor = self.get(fd)?;
        let name = descriptor.preopen().ok_or(Errno::Badf)?;
        let pr_name_len = Size::try_from(name.len()).map_err(Fault::from)?;
        Ok(Prestat::Dir(PrestatDir { pr_name_len }))
    }

    fn fd_prestat_dir_name(&mut self, memory: Memory<'_, '_>, fd: Fd, path: GuestPtr<u8>, len: Size) -> Answer<()> {
        let descriptor = self.get(fd)?;
        let name = descriptor.preopen().ok_or(Errno::Notdir)?;
        if name.len() > len as usize {
            return Err(Errno::Nametoolong.into());
        }
        write_fitting(memory, name.as_bytes(), path, len)?;
        Ok(())
    }

    async fn fd_renumber(&mut self, _: Memory<'_, '_>, from: Fd, to: Fd) -> Answer<()> {
        Ok(self.0.table.renumber(from, to)?)
    }

    async fn fd_seek(&mut self, _: Memory<'_, '_>, fd: Fd, offset: Filedelta, whence: Whence) -> Answer<Filesize> {
        Ok(self.seek(fd, offset, whence)?)
    }

    fn fd_tell(&mut self, _: Memory<'_, '_>, fd: Fd) -> Answer<Filesize> {
        Ok(self.seek(fd, 0, Whence::Cur)?)
    }

    async fn fd_readdir(
        &mut self,
        memory: Memory<'_, '_>,
        fd: Fd,
        buffer: GuestPtr<u8>,
        len: Size,
        cookie: Dircookie,
    ) -> Answer<Size> {
        Ok(self.with_dir(fd, Rights::FD_READDIR, |dir| {
            dir.list(cookie, |entries| write_fitting(memory, entries, buffer, len))
        })?)
    }

    async fn path_create_directory(&mut self, memory: Memory<'_, '_>, fd: Fd, path: GuestPtr<str>) -> Answer<()> {
        let path = path::read(memory, path)?;
        Ok(self.with_dir(fd, Rights::PATH_CREATE_DIRECTORY, |dir| dir.create_directory(&path))?)
    }

    async fn path_filestat_get(
        &mut self,
        memory: Memory<'_, '_>,
        fd: Fd,
        flags: Lookupflags,
        path: GuestPtr<str>,
    ) -> Answer<Filestat> {
        Ok(self.stat_at(memory, fd, flags, path)?)
    }

    async fn path_filestat_set_times(
        &mut self,
        memory: Memory<'_, '_>,
        fd: Fd,
        flags: Lookupflags,
        path: GuestPtr<str>,
        atim: Timestamp,
        mtim: Timestamp,
        fst_flags: Fstflags,
    ) -> Answer<()> {
        let times = Times::new(atim, mtim, fst_flags)?;
        let path = path::read(memory, path)?;
        Ok(self.with_dir(fd, Rights::PATH_FILESTAT_SET_TIMES, |dir| {
            dir.set_times_at(&path, follows(flags), times)
        })?)
    }

    async fn path_link(
        &mut self,
        memory: Memory<'_, '_>,
        old_fd: Fd,
        flags: Lookupflags,
        old_path: GuestPtr<str>,
        new_fd: Fd,
        new_path: GuestPtr<str>,
    ) -> Answer<()> {
        let old_path = path::read(memory, old_path)?;
        let new_path = path::read(memory, new_path)?;
        Ok(self.with_dir(old_fd, Rights::PATH_LINK_SOURCE, |from| {
            self.with_dir(new_fd, Rights::PATH_LINK_TARGET, |to| {
                from.link(&old_path, follows(flags), to, &new_path)
            })
        })?)
    }

    async fn path_open(
        &mut self,
        memory: Memory<'_, '_>,
        fd: Fd,
        lookup: Lookupflags,
        path: GuestPtr<str>,
        oflags: Oflags,
        rights: Rights,
        _: Rights,
        flags: Fdflags,
    ) -> Answer<Fd> {
        let path = path::read(memory, path)?;
        Ok(self.open(fd, &path, follows(lookup), oflags, rights, flags)?)
    }

    async fn path_readlink(
        &mut self,
        memory: Memory<'_, '_>,
        fd: Fd,
        path: GuestPtr<str>,
        buffer: GuestPtr<u8>,
        len: Size,
    ) -> Answer<Size> {
        let path = path::read(memory, path)?;
        let target = self.with_dir(fd, Rights::PATH_READLINK, |dir| dir.read_link(&path))?;
        Ok(write_fitting(memory, &target, buffer, len)?)
    }

    async fn path_remove_directory(&mut self, memory: Memory<'_, '_>, fd: Fd, path: GuestPtr<str>) -> Answer<()> {
        let path = path::read(memory, path)?;
        Ok(self.with_dir(fd, Rights::PATH_REMOVE_DIRECTORY, |dir| dir.remove_directory(&path))?)
    }

    async fn path_rename(
        &mut self,
        memory: Memory<'_, '_>,
        old_fd: Fd,
        old_path: GuestPtr<str>,
        new_fd: Fd,
        new_path: GuestPtr<str>,
    ) -> Answer<()> {
        let old_path = path::read(memory, old_path)?;
        let new_path = path::read(memory, new_path)?;
        Ok(self.with_dir(old_fd, Rights::PATH_RENAME_SOURCE, |from| {
            self.with_dir(new_fd, Rights::PATH_RENAME_TARGET, |to| {
                from.rename(&old_path, to, &new_path)
            })
        })?)
    }

    async fn path_symlink(
        &mut self,
        memory: Memory<'_, '_>,
        target: GuestPtr<str>,
        fd: Fd,
        path: GuestPtr<str>,
    ) -> Answer<()> {
        let target = path::read(memory, target)?;
        let path = path::read(memory, path)?;
        Ok(self.with_dir(fd, Rights::PATH_SYMLINK, |dir| dir.symlink(&target, &path))?)
    }

    async fn path_unlink_file(&mut self, memory: Memory<'_, '_>, fd: Fd, path: GuestPtr<str>) -> Answer<()> {
        let path = path::read(memory, path)?;
        Ok(self.with_dir(fd, Rights::PATH_UNLINK_FILE, |dir| dir.unlink(&path))?)
    }

    async fn poll_oneoff(
        &mut self,
        memory: Memory<'_, '_>,
        subscriptions: GuestPtr<Subscription>,
        events: GuestPtr<Event>,
        count: Size,
    ) -> Answer<Size> {
        if count > MAX_SUBSCRIPTIONS {
            return Err(Errno::Inval.into());
        }
        let subscriptions = subscriptions.as_array(count);
        let subscriptions = subscriptions.iter().map(|subscription| memory.read(subscription?));
        let subscriptions: Vec<Subscription> = subscriptions.collect::<std::result::Result<_, _>>()?;
        Ok(self.poll(memory, &subscriptions, events)?)
    }

    fn proc_exit(&mut self, _: Memory<'_, '_>, code: Exitcode) -> wasmtime::Error {
        Exit(code.cast_signed()).into()
    }

    fn proc_raise(&mut self, _: Memory<'_, '_>, signal: Signal) -> Answer<()> {
        Ok(signal::raise(signal)?)
    }

    fn sched_yield(&mut self, _: Memory<'_, '_>) -> Answer<()> {
        std::thread::yield_now();
        Ok(())
    }

    fn random_get(&mut self, memory: Memory<'_, '_>, buffer: GuestPtr<u8>, len: Size) -> Answer<()> {
        let waiter = self.0.waiter();
        if let Some(bytes) = memory.as_slice_mut(buffer.as_array(len))? {
            for part in bytes.chunks_mut(waiter.at_once()) {
                waiter.check()?;
                self.0.random.fill(part)?;
            }
            return Ok(());
        }
        let mut bytes = vec![0; CHUNK.min(len as usize)];
        let mut done = 0;
        while done < len {
            let count = (len - done).min(CHUNK as Size);
            let bytes = &mut bytes[..count as usize];
            waiter.check()?;
            self.0.random.fill(bytes)?;
            memory.copy_from_slice(bytes, buffer.add(done)?.as_array(count))?;
            done += count;
        }
        Ok(())
    }

    fn sock_accept(&mut self, _: Memory<'_, '_>, fd: Fd, flags: Fdflags) -> Answer<Fd> {
        let descriptor = self.get(fd)?;
        let listener = match &descriptor.object {
            Object::Listener(listener) => listener,
            Object::File(file) if file.is_socket() => return Err(Errno::Inval.into()),
            Object::File(_) | Object::Dir(_) | Object::Stream(_) => return Err(Errno::Notsock.into()),
        };
        descriptor.check(Rights::SOCK_ACCEPT)?;
        let nonblocking = flags & Fdflags::NONBLOCK;
        if flags != nonblocking {
            return Err(Errno::Inval.into());
        }
        let connection = listener.accept(!nonblocking.is_empty(), self.0.waiter())?;
        let rights = stream_rights() & descriptor.inheriting();
        let accepted = Descriptor::new(Object::File(connection), rights, rights, nonblocking);
        Ok(self.0.table.add(accepted)?)
    }

    fn sock_recv(
        &mut self,
        memory: Memory<'_, '_>,
        fd: Fd,
        iovs: IovecArray,
        flags: Riflags,
    ) -> Answer<(Size, Roflags)> {
        let waiter = self.0.waiter();
        let mut result = Roflags::empty();
        let size = self.with_socket(fd, Rights::FD_READ, |file| {
            scatter(memory, iovs, |buffer| {
                let (size, flags) = socket::receive(file, buffer, flags, waiter)?;
                result = flags;
                Ok(size)
            })
        })?;
        Ok((size, result))
    }

    fn sock_send(&mut self, memory: Memory<'_, '_>, fd: Fd, ciovs: CiovecArray, _: Siflags) -> Answer<Size> {
        let waiter = self.0.waiter();
        let sent = self.with_socket(fd, Rights::FD_WRITE, |file| {
            gather(memory, ciovs, |slices| socket::send(file, slices, waiter))
        })?;
        Ok(Size::try_from(sent).map_err(Fault::from)?)
    }

    fn sock_shutdown(&mut self, _: Memory<'_, '_>, fd: Fd, how: Sdflags) -> Answer<()> {
        Ok(self.with_socket(fd, Rights::SOCK_SHUTDOWN, |file| socket::shutdown(file, how))?)
    }
}
