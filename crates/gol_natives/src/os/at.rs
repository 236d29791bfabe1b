//! What works on a name in an open directory, as `os.Root` needs it: no call here follows a link that the name is.

use super::handles::{self, Open};
use super::{Sys, number, retry};
use gol_vm::{Flow, Native, NativeResult};
use rustix::fs::{AtFlags, Gid, Mode, RawMode, Uid};
use std::sync::Arc;

/// The directory of a handle, and a name in it.
fn place<'a>(n: &mut Native<'a>) -> (Sys<Arc<Open>>, &'a [u8]) {
    (handles::get(n.int()), n.str())
}

fn give(n: &mut Native<'_>, r: Sys<()>) -> NativeResult {
    n.give_int(number(&r));
    Ok(Flow::Done)
}

pub(super) fn stat(n: &mut Native<'_>) -> NativeResult {
    let ((dir, name), out) = (place(n), n.words());
    let found = dir.and_then(|dir| rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW));
    if let Ok(s) = &found {
        // The widths of the fields differ from system to system.
        #[allow(clippy::unnecessary_cast)]
        let words = [
            s.st_dev as u64,
            s.st_ino as u64,
            s.st_nlink as u64,
            s.st_mode as u64,
            s.st_uid as u64,
            s.st_gid as u64,
            s.st_rdev as u64,
            s.st_size as u64,
            s.st_blksize as u64,
            s.st_blocks as u64,
            s.st_atime as u64,
            s.st_atime_nsec as u64,
            s.st_mtime as u64,
            s.st_mtime_nsec as u64,
            s.st_ctime as u64,
            s.st_ctime_nsec as u64,
        ];
        out.write(&words);
    }
    give(n, found.map(drop))
}

pub(super) fn chmod(n: &mut Native<'_>) -> NativeResult {
    let ((dir, name), mode) = (place(n), Mode::from_raw_mode(n.uint() as RawMode));
    let r = dir.and_then(|dir| chmod_itself(&dir, name, mode));
    give(n, r)
}

/// Linux has this call since version 6.6 only; before, an open file can be named.
#[cfg(target_os = "linux")]
fn chmod_itself(dir: &Open, name: &[u8], mode: Mode) -> Sys<()> {
    use rustix::fs::{FileType, OFlags};
    use std::os::fd::AsRawFd;
    let file =
        retry(|| rustix::fs::openat(dir, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()))?;
    if FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) == FileType::Symlink {
        return Err(rustix::io::Errno::OPNOTSUPP);
    }
    rustix::fs::chmod(format!("/proc/self/fd/{}", file.as_raw_fd()), mode)
}

#[cfg(not(target_os = "linux"))]
fn chmod_itself(dir: &Open, name: &[u8], mode: Mode) -> Sys<()> {
    retry(|| rustix::fs::chmodat(dir, name, mode, AtFlags::SYMLINK_NOFOLLOW))
}

pub(super) fn chown(n: &mut Native<'_>) -> NativeResult {
    let ((dir, name), uid, gid) = (place(n), n.int(), n.int());
    let uid = u32::try_from(uid).ok().map(Uid::from_raw);
    let gid = u32::try_from(gid).ok().map(Gid::from_raw);
    let r = dir.and_then(|dir| retry(|| rustix::fs::chownat(&dir, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)));
    give(n, r)
}

pub(super) fn utimes(n: &mut Native<'_>) -> NativeResult {
    let ((dir, name), times) = (place(n), super::names::timestamps(n));
    let r = dir.and_then(|dir| retry(|| rustix::fs::utimensat(&dir, name, &times, AtFlags::SYMLINK_NOFOLLOW)));
    give(n, r)
}

pub(super) fn mkdir(n: &mut Native<'_>) -> NativeResult {
    let ((dir, name), mode) = (place(n), Mode::from_raw_mode(n.uint() as RawMode));
    let r = dir.and_then(|dir| retry(|| rustix::fs::mkdirat(&dir, name, mode)));
    give(n, r)
}

pub(super) fn unlink(n: &mut Native<'_>) -> NativeResult {
    let ((dir, name), is_dir) = (place(n), n.bool());
    let flags = if is_dir { AtFlags::REMOVEDIR } else { AtFlags::empty() };
    let r = dir.and_then(|dir| retry(|| rustix::fs::unlinkat(&dir, name, flags)));
    give(n, r)
}

/// A call on two places.
fn both(n: &mut Native<'_>, call: impl Fn(&Open, &[u8], &Open, &[u8]) -> Sys<()>) -> NativeResult {
    let ((from_dir, from), (to_dir, to)) = (place(n), place(n));
    let r = from_dir.and_then(|from_dir| {
        let to_dir = to_dir?;
        retry(|| call(&from_dir, from, &to_dir, to))
    });
    give(n, r)
}

pub(super) fn rename(n: &mut Native<'_>) -> NativeResult {
    both(n, |from_dir, from, to_dir, to| rustix::fs::renameat(from_dir, from, to_dir, to))
}

pub(super) fn link(n: &mut Native<'_>) -> NativeResult {
    both(n, |from_dir, from, to_dir, to| rustix::fs::linkat(from_dir, from, to_dir, to, AtFlags::empty()))
}

pub(super) fn symlink(n: &mut Native<'_>) -> NativeResult {
    let (target, (dir, name)) = (n.str(), place(n));
    let r = dir.and_then(|dir| retry(|| rustix::fs::symlinkat(target, &dir, name)));
    give(n, r)
}

pub(super) fn readlink(n: &mut Native<'_>) -> NativeResult {
    let (dir, name) = place(n);
    let r = dir.and_then(|dir| retry(|| rustix::fs::readlinkat(&dir, name, Vec::new())));
    super::names::give_text(n, r)
}
