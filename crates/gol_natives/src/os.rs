//! `os` and `internal/stdio`: files, names, environment, process. What the functions mean stands in `os/natives.gol`.
//!
//! `os/handles.rs` has the open files, `os/transfer.rs` reads and writes, `os/names.rs` works on paths, `os/at.rs` on names in open
//! directories, `os/process.rs` on the
//! process, `os/child.rs` on others. Results end with an error number: Linux's, 0 for none.

mod at;
mod child;
mod handles;
mod limit;
mod names;
mod process;
mod transfer;

pub(crate) use handles::{
    Attempt, Open, attempt, close, duplicate, expire, fd, get, insert_pollable, wait, wait_number,
};
pub use limit::raise_file_limit;
pub(crate) use process::variable;
pub(crate) use transfer::{read, write};

use gol_vm::NativeFn;
use rustix::io::Errno;

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("sysOpen", handles::open),
    ("sysPipe", handles::pipe),
    ("sysHandle", handles::handle),
    ("sysFd", handles::fd),
    ("sysClose", handles::close),
    ("sysPollable", handles::is_pollable),
    ("sysExpire", handles::expire),
    ("sysRead", transfer::read),
    ("sysWrite", transfer::write),
    ("sysPread", transfer::pread),
    ("sysPwrite", transfer::pwrite),
    ("sysSeek", transfer::seek),
    ("sysTruncate", transfer::truncate),
    ("sysSync", transfer::sync),
    ("sysStat", names::stat),
    ("sysChmod", names::chmod),
    ("sysChown", names::chown),
    ("sysUtimes", names::utimes),
    ("sysReadDir", names::read_dir),
    ("sysMkdir", names::mkdir),
    ("sysRmdir", |n| names::on_path(n, |p| rustix::fs::rmdir(p))),
    ("sysUnlink", |n| names::on_path(n, |p| rustix::fs::unlink(p))),
    ("sysRename", |n| names::on_paths(n, |a, b| rustix::fs::rename(a, b))),
    ("sysLink", |n| names::on_paths(n, |a, b| rustix::fs::link(a, b))),
    ("sysSymlink", |n| names::on_paths(n, |a, b| rustix::fs::symlink(a, b))),
    ("sysReadlink", names::readlink),
    ("sysGetcwd", names::getcwd),
    ("sysChdir", names::chdir),
    ("sysOpenAt", handles::open_at),
    ("sysStatAt", at::stat),
    ("sysChmodAt", at::chmod),
    ("sysChownAt", at::chown),
    ("sysUtimesAt", at::utimes),
    ("sysMkdirAt", at::mkdir),
    ("sysUnlinkAt", at::unlink),
    ("sysRenameAt", at::rename),
    ("sysLinkAt", at::link),
    ("sysSymlinkAt", at::symlink),
    ("sysReadlinkAt", at::readlink),
    ("sysArgs", process::args),
    ("sysExit", process::exit),
    ("sysGetenv", process::getenv),
    ("sysSetenv", process::setenv),
    ("sysUnsetenv", process::unsetenv),
    ("sysClearenv", process::clearenv),
    ("sysEnviron", process::environ),
    ("sysIds", process::ids),
    ("sysGroups", process::groups),
    ("sysHostname", process::hostname),
    ("sysExecutable", process::executable),
    ("sysRandom", process::random),
    ("sysKill", process::kill),
    ("sysStartProcess", child::start),
    ("sysFindProcess", child::find),
    ("sysWaitProcess", child::wait),
    ("sysSignalProcess", child::signal),
];

/// `syscall` has what is asked for without package os.
pub(crate) const SYSCALL: &[(&str, NativeFn)] = &[("sysKill", process::kill), ("sysIds", process::ids)];

/// `internal/stdio` uses the standard handles under their numbers.
pub(crate) const STDIO: &[(&str, NativeFn)] = &[("read", transfer::read), ("write", transfer::write)];

/// What a call of the system gives, or an error number.
pub(crate) type Sys<T> = Result<T, Errno>;

/// The number of an error, 0 for none.
pub(crate) fn number<T>(r: &Sys<T>) -> i64 {
    r.as_ref().err().map_or(0, |e| i64::from(e.raw_os_error()))
}

/// Carries a call out again while signals break it off.
pub(crate) fn retry<T>(mut call: impl FnMut() -> Sys<T>) -> Sys<T> {
    loop {
        match call() {
            Err(Errno::INTR) => continue,
            r => return r,
        }
    }
}
