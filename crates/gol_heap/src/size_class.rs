//! Size classes: the sizes that small objects are rounded up to, and how many of them lie in a block.
//!
//! The sizes are Go's, without the two that are no multiples of 16 (every object here is 16-byte aligned, for 16-byte units).
//! Taking Go's sizes costs nothing and lets `append` round capacities as Go does without wasting memory:
//! [`go_round_up_size`] answers for Go's whole table.

/// The largest size that is allocated from a size class; larger objects get pages of their own.
pub const MAX_SMALL_SIZE: usize = 32768;

/// Bytes in a page, the unit blocks are made of.
pub(crate) const PAGE_SIZE: usize = 8192;
/// log2 of [`PAGE_SIZE`].
pub(crate) const PAGE_SHIFT: usize = 13;

/// The number of size classes, class 0 included, which stands for objects without size and never has blocks.
pub(crate) const CLASS_COUNT: usize = 66;

/// Object size of each class.
pub(crate) const CLASS_SIZE: [u32; CLASS_COUNT] = [
    0, 16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480,
    512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864,
    5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480,
    21760, 24576, 27264, 28672, 32768,
];

/// Class of each size, by the size in 16-byte granules, rounded up.
pub(crate) static CLASS_OF: [u8; MAX_SMALL_SIZE / 16 + 1] = class_of_table();

/// Pages of a block of each class.
pub(crate) static CLASS_PAGES: [u8; CLASS_COUNT] = class_pages_table();

/// What Go's allocator would round a request of `size` bytes up to; `noscan` tells that the memory holds no pointers.
/// `append` needs it, because the capacity it leaves is visible to programs. (Go puts an 8-byte header before objects with pointers over 512 bytes.)
pub fn go_round_up_size(size: usize, noscan: bool) -> usize {
    const HEADER: usize = 8;
    if size > MAX_SMALL_SIZE - HEADER {
        return size.checked_add(PAGE_SIZE - 1).map_or(size, |s| s & !(PAGE_SIZE - 1));
    }
    let header = if !noscan && size > 512 { HEADER } else { 0 };
    let want = size + header;
    match want {
        0 => 0,
        1..=8 => 8,
        17..=24 => 24,
        _ => CLASS_SIZE[CLASS_OF[want.div_ceil(16)] as usize] as usize - header,
    }
}

const fn class_of_table() -> [u8; MAX_SMALL_SIZE / 16 + 1] {
    let mut table = [0; MAX_SMALL_SIZE / 16 + 1];
    let mut class = 0;
    let mut granules = 0;
    while granules < table.len() {
        if granules * 16 > CLASS_SIZE[class] as usize {
            class += 1;
        }
        table[granules] = class as u8;
        granules += 1;
    }
    table
}

/// 64 KB for most classes; for those that do not fit well, the first size up to 256 KB of which a 32nd part at most is left over.
const fn class_pages_table() -> [u8; CLASS_COUNT] {
    let mut table = [0; CLASS_COUNT];
    let mut class = 1;
    while class < CLASS_COUNT {
        let size = CLASS_SIZE[class] as usize;
        let mut pages = 8;
        while pages < 32 && (pages * PAGE_SIZE % size) * 32 > pages * PAGE_SIZE {
            pages += 1;
        }
        if size > 8192 && pages < 16 && (16 * PAGE_SIZE % size) * 32 <= 16 * PAGE_SIZE {
            pages = 16;
        }
        table[class] = pages as u8;
        class += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_gets_the_smallest_class_that_holds_it() {
        for size in 1..=MAX_SMALL_SIZE {
            let class = CLASS_OF[size.div_ceil(16)] as usize;
            assert!(CLASS_SIZE[class] as usize >= size);
            assert!((CLASS_SIZE[class - 1] as usize) < size);
        }
    }

    #[test]
    fn blocks_waste_little_and_hold_several_objects() {
        for class in 1..CLASS_COUNT {
            let (size, bytes) = (CLASS_SIZE[class] as usize, CLASS_PAGES[class] as usize * PAGE_SIZE);
            assert!(bytes % size <= bytes / 20, "class {size} wastes {} of {bytes}", bytes % size);
            assert!(bytes / size >= 4 || size > 16384, "{size} {bytes}");
        }
    }

    #[test]
    fn go_rounding() {
        assert_eq!(go_round_up_size(0, true), 0);
        assert_eq!(go_round_up_size(5, true), 8);
        assert_eq!(go_round_up_size(24, false), 24);
        assert_eq!(go_round_up_size(25, false), 32);
        assert_eq!(go_round_up_size(512, false), 512);
        assert_eq!(go_round_up_size(520, false), 568);
        assert_eq!(go_round_up_size(520, true), 576);
        assert_eq!(go_round_up_size(32768, true), 32768);
        assert_eq!(go_round_up_size(32769, true), 40960);
    }
}
