//! What works on paths, and on open files in the same way.

use super::handles;
use super::{Sys, number, retry};
use gol_vm::{Flow, Native, NativeResult};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Gid, Mode, RawMode, Timespec, Timestamps, Uid};
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

/// EINVAL, for errors of Rust's library that have no number: a NUL in a path.
const INVALID: i32 = 22;

pub(super) fn on_path(n: &mut Native<'_>, call: impl Fn(&[u8]) -> Sys<()>) -> NativeResult {
    let path = n.str();
    n.give_int(number(&retry(|| call(path))));
    Ok(Flow::Done)
}

pub(super) fn on_paths(n: &mut Native<'_>, call: impl Fn(&[u8], &[u8]) -> Sys<()>) -> NativeResult {
    let (from, to) = (n.str(), n.str());
    n.give_int(number(&retry(|| call(from, to))));
    Ok(Flow::Done)
}

/// A call on an open file, or, if its handle is -1, another one.
fn either(handle: i64, open: impl FnOnce(&handles::Open) -> Sys<()>, path: impl FnOnce() -> Sys<()>) -> Sys<()> {
    if handle < 0 { path() } else { handles::get(handle).and_then(|file| open(&file)) }
}

/// Rust's own library knows where each system keeps a file's times.
pub(super) fn stat(n: &mut Native<'_>) -> NativeResult {
    let (handle, path, follow, out) = (n.int(), n.str(), n.bool(), n.words());
    let path = OsStr::from_bytes(path);
    let found = match handle {
        0.. => handles::get(handle).map_err(std::io::Error::from).and_then(|open| {
            // A second descriptor for the same file, for Rust closes what it calls a file.
            File::from(open.as_fd().try_clone_to_owned()?).metadata()
        }),
        _ if follow => std::fs::metadata(path),
        _ => std::fs::symlink_metadata(path),
    };
    let errno = match &found {
        Ok(m) => {
            let words = [
                m.dev() as i64,
                m.ino() as i64,
                m.nlink() as i64,
                i64::from(m.mode()),
                i64::from(m.uid()),
                i64::from(m.gid()),
                m.rdev() as i64,
                m.size() as i64,
                m.blksize() as i64,
                m.blocks() as i64,
                m.atime(),
                m.atime_nsec(),
                m.mtime(),
                m.mtime_nsec(),
                m.ctime(),
                m.ctime_nsec(),
            ];
            out.write(&words.map(|w| w as u64));
            0
        }
        Err(e) => e.raw_os_error().unwrap_or(INVALID),
    };
    n.give_int(i64::from(errno));
    Ok(Flow::Done)
}

pub(super) fn chmod(n: &mut Native<'_>) -> NativeResult {
    let (handle, path, mode) = (n.int(), n.str(), Mode::from_raw_mode(n.uint() as RawMode));
    let r = either(handle, |open| rustix::fs::fchmod(open, mode), || rustix::fs::chmod(path, mode));
    n.give_int(number(&r));
    Ok(Flow::Done)
}

pub(super) fn chown(n: &mut Native<'_>) -> NativeResult {
    let (handle, path, follow, uid, gid) = (n.int(), n.str(), n.bool(), n.int(), n.int());
    let uid = u32::try_from(uid).ok().map(Uid::from_raw);
    let gid = u32::try_from(gid).ok().map(Gid::from_raw);
    let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    let r =
        either(handle, |open| rustix::fs::fchown(open, uid, gid), || rustix::fs::chownat(CWD, path, uid, gid, flags));
    n.give_int(number(&r));
    Ok(Flow::Done)
}

/// Two times from four arguments; nanoseconds below 0 leave one as it is.
pub(super) fn timestamps(n: &mut Native<'_>) -> Timestamps {
    let mut time = || {
        let (tv_sec, nsec) = (n.int(), n.int());
        Timespec { tv_sec, tv_nsec: if nsec < 0 { rustix::fs::UTIME_OMIT } else { nsec as _ } }
    };
    Timestamps { last_access: time(), last_modification: time() }
}

pub(super) fn utimes(n: &mut Native<'_>) -> NativeResult {
    let (path, times) = (n.str(), timestamps(n));
    n.give_int(number(&rustix::fs::utimensat(CWD, path, &times, AtFlags::empty())));
    Ok(Flow::Done)
}

/// The type bits of a mode word, shifted right by 12.
fn type_number(kind: FileType) -> u8 {
    match kind {
        FileType::Fifo => 1,
        FileType::CharacterDevice => 2,
        FileType::Directory => 4,
        FileType::BlockDevice => 6,
        FileType::RegularFile => 8,
        FileType::Symlink => 10,
        FileType::Socket => 12,
        _ => 0,
    }
}

pub(super) fn read_dir(n: &mut Native<'_>) -> NativeResult {
    let handle = n.int();
    let list = || -> Sys<(Vec<Vec<u8>>, Vec<u8>)> {
        let open = handles::get(handle)?;
        let (mut names, mut types) = (Vec::new(), Vec::new());
        for entry in Dir::read_from(&*open)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(name.to_vec());
                types.push(type_number(entry.file_type()));
            }
        }
        Ok((names, types))
    };
    let r = list();
    let errno = number(&r);
    let (names, types) = r.unwrap_or_default();
    n.give_strings(&names)?;
    n.give_bytes(&types)?;
    n.give_int(errno);
    Ok(Flow::Done)
}

pub(super) fn mkdir(n: &mut Native<'_>) -> NativeResult {
    let (path, mode) = (n.str(), Mode::from_raw_mode(n.uint() as RawMode));
    n.give_int(number(&retry(|| rustix::fs::mkdir(path, mode))));
    Ok(Flow::Done)
}

/// Gives a text and an error number.
pub(super) fn give_text(n: &mut Native<'_>, r: Sys<std::ffi::CString>) -> NativeResult {
    let errno = number(&r);
    n.give_str(r.unwrap_or_default().as_bytes())?;
    n.give_int(errno);
    Ok(Flow::Done)
}

pub(super) fn readlink(n: &mut Native<'_>) -> NativeResult {
    let path = n.str();
    give_text(n, rustix::fs::readlink(path, Vec::new()))
}

pub(super) fn getcwd(n: &mut Native<'_>) -> NativeResult {
    give_text(n, rustix::process::getcwd(Vec::new()))
}

pub(super) fn chdir(n: &mut Native<'_>) -> NativeResult {
    let (handle, path) = (n.int(), n.str());
    let r = either(handle, |open| rustix::process::fchdir(open), || rustix::process::chdir(path));
    n.give_int(number(&r));
    Ok(Flow::Done)
}
