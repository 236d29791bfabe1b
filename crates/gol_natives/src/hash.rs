//! `hash/crc32`: the checksum that gzip, zip and PNG have, at memory speed.

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};

pub(crate) const CRC32: Table = &[("updateIEEE", update_ieee)];

fn update_ieee(n: &mut Native<'_>) -> NativeResult {
    let (before, bytes) = (n.uint() as u32, n.bytes());
    let mut crc = crc32fast::Hasher::new_with_initial(before);
    crc.update(bytes.view());
    n.give_uint(crc.finalize() as u64);
    Ok(Flow::Done)
}
