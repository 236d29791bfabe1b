//! What survives a collection and what does not, seen from outside.

use gol_heap::{
    Heap, HeapConfig, LayoutId, LocalHeap, MarkHelpers, NoHelpers, RootVisitor, Roots, ThreadHelpers, mem, zero_base,
};
use std::sync::Arc;

/// Roots given as words, and as one range.
#[derive(Default)]
struct Given {
    words: Vec<u64>,
    range: Vec<u64>,
}

impl Roots for Given {
    fn visit(&self, marker: &mut dyn RootVisitor) {
        for &word in &self.words {
            marker.word(word);
        }
        // SAFETY: the vector is not changed while a collection borrows it.
        unsafe { marker.range(self.range.as_ptr(), self.range.len()) };
    }
}

fn heap() -> (Arc<Heap>, LocalHeap) {
    let heap = Heap::new(HeapConfig { reserve: 4 << 30, ..HeapConfig::default() }).expect("addresses");
    let local = heap.local();
    (heap, local)
}

fn collect_with(heap: &Heap, roots: &[*mut u8], helpers: &dyn MarkHelpers) -> gol_heap::CollectStats {
    let given = Given { words: roots.iter().map(|&r| r as u64).collect(), range: Vec::new() };
    // SAFETY: H5: these tests use one thread.
    unsafe { heap.collect(&given, helpers) }
}

fn collect(heap: &Heap, roots: &[*mut u8]) -> gol_heap::CollectStats {
    collect_with(heap, roots, &NoHelpers)
}

fn set(object: *mut u8, word: usize, value: u64) {
    // SAFETY: H6: the tests stay within their objects.
    unsafe { mem::store_u64(object.add(word * 8), value) }
}

fn get(object: *mut u8, word: usize) -> u64 {
    // SAFETY: H6: the tests stay within their objects.
    unsafe { mem::load_u64(object.add(word * 8)) }
}

#[test]
fn objects_are_zeroed_aligned_and_apart() {
    let (_heap, mut local) = heap();
    let mut all = Vec::new();
    for size in (1..300).chain([1000, 4096, 5000, 32768, 32769, 100_000, 3 << 20]) {
        for layout in [LayoutId::NOSCAN, LayoutId::CONSERVATIVE] {
            let object = local.alloc(size, layout);
            assert!(!object.is_null() && (object as usize).is_multiple_of(16));
            // SAFETY: H6: the object has `size` bytes.
            let bytes = unsafe { std::slice::from_raw_parts_mut(object, size) };
            assert!(bytes.iter().all(|&b| b == 0));
            bytes.fill(0xff);
            all.push((object as usize, size));
        }
    }
    all.sort_unstable();
    assert!(all.windows(2).all(|w| w[0].0 + w[0].1 <= w[1].0));
    assert_eq!(local.alloc(0, LayoutId::NOSCAN), zero_base());
}

#[test]
fn interior_pointers_keep_objects_alive() {
    let (heap, mut local) = heap();
    for size in [16, 48, 1024, 6784, 32768, 50_000, 1 << 20] {
        let object = local.alloc(size, LayoutId::NOSCAN);
        let lost = local.alloc(size, LayoutId::NOSCAN);
        // SAFETY: within the object.
        let last = unsafe { object.add(size - 1) };
        assert_eq!(heap.object_at(last).map(|o| o.0), Some(object), "{size}");
        collect(&heap, &[last]);
        assert!(heap.is_marked(object), "{size}");
        assert!(!heap.is_marked(lost), "{size}");
    }
}

#[test]
fn words_that_are_no_pointers_are_ignored() {
    let (heap, mut local) = heap();
    let object = local.alloc(64, LayoutId::CONSERVATIVE);
    for (word, value) in
        [u64::MAX, 0, 1, 12345, (1 << 47) - 8, &raw const heap as u64, 0xdbdb_dbdb_dbdb_dbdb].iter().enumerate()
    {
        set(object, word, *value);
    }
    let block_end = object as u64 | 0xffff;
    let given = Given { words: vec![7, block_end], range: vec![object as u64, block_end - 15, u64::MAX] };
    // SAFETY: H5: one thread.
    let stats = unsafe { heap.collect(&given, &NoHelpers) };
    assert_eq!((stats.live_objects, stats.live_bytes, stats.root_bytes), (1, 64, 24));
}

#[test]
fn upper_bits_of_pointer_words_are_masked() {
    let (heap, mut local) = heap();
    let object = local.alloc(4000, LayoutId::CONSERVATIVE);
    let inner = local.alloc(24, LayoutId::NOSCAN);
    let (low, high) = mem::pack_slice(inner as u64, 0x12_3456_789a, 0x12_3456_789a);
    // SAFETY: H6: within the object.
    unsafe { mem::store16(object, low, high) };
    collect(&heap, &[object]);
    assert!(heap.is_marked(inner));
}

#[test]
fn cycles_die_and_long_lists_need_no_native_stack() {
    let (heap, mut local) = heap();
    let node = heap.layouts().add(16, &[1]);
    let first = local.alloc(16, node);
    let mut last = first;
    for _ in 0..1_000_000 {
        let next = local.alloc(16, node);
        set(last, 0, next as u64);
        last = next;
    }
    set(last, 0, first as u64);
    assert_eq!(collect(&heap, &[last]).live_objects, 1_000_001);
    assert_eq!(collect(&heap, &[]).live_objects, 0);
    assert_eq!(heap.sweep_some(usize::MAX), 0);
    assert_eq!(heap.stats().heap_inuse, 0);
}

#[test]
fn layouts_tell_pointers_from_numbers_and_repeat() {
    let (heap, mut local) = heap();
    // Two of three words may be pointers; 24 bytes do not divide the size of the place.
    let layout = heap.layouts().add(24, &[0b101]);
    for elements in [1usize, 2, 5, 100, 1000, 20_000] {
        let array = local.alloc(elements * 24, layout);
        let targets: Vec<_> = (0..elements * 3).map(|_| local.alloc(16, LayoutId::NOSCAN)).collect();
        for (word, target) in targets.iter().enumerate() {
            set(array, word, *target as u64 + 3);
        }
        collect(&heap, &[array]);
        for (word, target) in targets.iter().enumerate() {
            assert_eq!(heap.is_marked(*target), word % 3 != 1, "{elements} {word}");
        }
    }
}

#[test]
fn large_objects_come_and_go() {
    let (heap, mut local) = heap();
    for round in 0..200 {
        let keep = local.alloc(3 << 20, LayoutId::CONSERVATIVE);
        let inner = local.alloc(40_000, LayoutId::NOSCAN);
        assert_eq!(get(keep, 1000), 0, "reused pages are zeroed");
        set(keep, 1000, 77);
        set(keep, (3 << 17) - 1, inner as u64 + 39_999);
        collect(&heap, &[keep]);
        assert!(heap.is_marked(inner), "{round}");
        assert_eq!(get(keep, 1000), 77);
    }
    assert!(heap.stats().sys < 32 << 20, "pages are reused: {:?}", heap.stats());
}

#[test]
fn swept_places_are_reused_and_zeroed() {
    let (heap, mut local) = heap();
    let mut kept = Vec::new();
    for round in 0..50u64 {
        for i in 0..2000u64 {
            let object = local.alloc(48, LayoutId::CONSERVATIVE);
            assert!((0..6).all(|w| get(object, w) == 0));
            (0..6).for_each(|w| set(object, w, round << 32 | i));
            if i % 100 == 0 {
                kept.push((object, round << 32 | i));
            }
        }
        let roots: Vec<_> = kept.iter().map(|k| k.0).collect();
        let stats = collect(&heap, &roots);
        assert_eq!(stats.live_objects, kept.len() as u64);
        for (object, value) in &kept {
            assert!((0..6).all(|w| get(*object, w) == *value));
        }
    }
    assert!(heap.stats().heap_inuse < 1 << 20, "{:?}", heap.stats());
}

#[test]
#[cfg(debug_assertions)]
fn freed_objects_are_poisoned() {
    let (heap, mut local) = heap();
    let (kept, freed) = (local.alloc(32, LayoutId::NOSCAN), local.alloc(32, LayoutId::NOSCAN));
    collect(&heap, &[kept]);
    heap.sweep_some(usize::MAX);
    assert_eq!((get(kept, 0), get(freed, 3)), (0, 0xdbdb_dbdb_dbdb_dbdb));
    assert_eq!(heap.object_at(freed), None);
    let again: Vec<_> = (0..100).map(|_| local.alloc(32, LayoutId::NOSCAN)).collect();
    assert!(again.contains(&freed) && !again.contains(&kept));
    assert!(again.iter().all(|&o| get(o, 3) == 0));
}

#[test]
fn statistics_are_exact_while_nothing_runs() {
    let (heap, mut local) = heap();
    let objects: Vec<_> = (0..1000).map(|_| local.alloc(40, LayoutId::NOSCAN)).collect();
    let big = local.alloc(100_000, LayoutId::NOSCAN);
    let stats = heap.stats();
    assert_eq!((stats.mallocs, stats.frees, stats.heap_objects), (1001, 0, 1001));
    assert_eq!((stats.alloc, stats.total_alloc), (48_000 + 106_496, 48_000 + 106_496));
    assert_eq!((stats.num_gc, stats.next_gc), (0, 4 << 20));
    let found = collect(&heap, &[objects[0], big]);
    assert_eq!(found.freed_bytes, 999 * 48);
    let stats = heap.stats();
    assert_eq!((stats.mallocs, stats.frees, stats.heap_objects, stats.alloc), (1001, 999, 2, 106_544));
    local.alloc(40, LayoutId::NOSCAN);
    assert_eq!(local.allocated(), (48_048 + 106_496, 1002));
    drop(local);
    let stats = heap.stats();
    assert_eq!((stats.mallocs, stats.frees, stats.alloc, stats.num_gc), (1002, 999, 106_592, 1));
    collect(&heap, &[]);
    assert_eq!(heap.stats().heap_objects, 0);
    let pause = |i| gol_heap::Pause { nanoseconds: 1, end: i };
    (0..300).for_each(|i| heap.add_pause(pause(i)));
    assert_eq!(heap.stats().pause_total_ns, 300);
    let last = heap.last_pauses();
    assert_eq!((last.len(), last[0], last[255]), (256, pause(299), pause(44)));
}

#[test]
fn the_soft_limit_asks_for_a_collection() {
    let (heap, mut local) = heap();
    assert_eq!(heap.set_gc_percent(-1), 100);
    assert_eq!(heap.stats().next_gc, u64::MAX);
    assert_eq!(heap.set_soft_limit(1 << 20), u64::MAX);
    assert_eq!(heap.stats().next_gc, 1 << 20);
    while !heap.gc_wanted() {
        assert!(heap.stats().alloc < 3 << 20);
        local.alloc(4096, LayoutId::NOSCAN);
    }
    assert!(heap.stats().alloc >= 1 << 19);
}

#[test]
fn growth_asks_for_a_collection() {
    let (heap, mut local) = heap();
    let list = heap.layouts().add(4096, &[1]);
    let mut head = std::ptr::null_mut::<u8>();
    let grow = |local: &mut LocalHeap, head: &mut *mut u8| {
        let mut bytes = 0;
        while !heap.gc_wanted() {
            let object = local.alloc(4096, list);
            set(object, 0, *head as u64);
            *head = object;
            bytes += 4096;
        }
        bytes
    };
    let near = |bytes: usize, goal: usize| assert!(bytes.abs_diff(goal) <= 64 << 10, "{bytes} {goal}");
    near(grow(&mut local, &mut head), 4 << 20);
    assert_eq!(collect(&heap, &[head]).live_bytes, heap.stats().alloc);
    assert!(!heap.gc_wanted());
    near(grow(&mut local, &mut head), 4 << 20);
    collect(&heap, &[head]);
    near(grow(&mut local, &mut head), 8 << 20);
    collect(&heap, &[head]);
    assert_eq!(heap.set_gc_percent(50), 100);
    near(grow(&mut local, &mut head), 8 << 20);
    heap.set_gc_percent(-1);
    collect(&heap, &[]);
    for _ in 0..10_000 {
        local.alloc(4096, LayoutId::NOSCAN);
    }
    assert!(!heap.gc_wanted());
}

#[test]
fn the_memory_limit_gives_null_and_a_collection_gives_room() {
    let (heap, mut local) = heap();
    heap.set_memory_limit(2 << 20);
    let mut count = 0;
    while !local.alloc(1000, LayoutId::NOSCAN).is_null() {
        count += 1;
    }
    assert!((1900..2100).contains(&count), "{count}");
    assert!(heap.gc_wanted());
    assert!(local.alloc(1 << 20, LayoutId::NOSCAN).is_null());
    collect(&heap, &[]);
    assert!(!local.alloc(1 << 20, LayoutId::NOSCAN).is_null());
    assert!(!local.alloc(1000, LayoutId::NOSCAN).is_null());
    assert!(local.alloc(usize::MAX, LayoutId::CONSERVATIVE).is_null());
    assert!(local.alloc(usize::MAX / 2, LayoutId::NOSCAN).is_null());
    assert!(local.alloc(1 << 46, LayoutId::NOSCAN).is_null());
}

#[test]
fn stress_asks_at_every_allocation_and_calls_the_hook() {
    let (heap, mut local) = heap();
    let calls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = calls.clone();
    heap.set_gc_hook(move || {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    heap.set_stress(1);
    let layout = heap.layouts().add(32, &[1]);
    let mut head = std::ptr::null_mut::<u8>();
    for i in 0..500u64 {
        let object = local.alloc(32, layout);
        assert!(heap.gc_wanted());
        set(object, 0, head as u64);
        set(object, 1, i);
        head = object;
        collect(&heap, &[head]);
        heap.sweep_some(usize::MAX);
    }
    assert_eq!(calls.load(std::sync::atomic::Ordering::Relaxed), 500);
    for i in (0..500).rev() {
        assert_eq!(get(head, 1), i);
        head = get(head, 0) as *mut u8;
    }
    assert!(head.is_null());
}

#[test]
fn several_threads_mark_the_same_as_one() {
    let (heap, mut local) = heap();
    // A wide tree, one big array, and garbage between.
    let root = local.alloc(8 * 50_000, LayoutId::CONSERVATIVE);
    let mut live = 1;
    for i in 0..50_000 {
        let child = local.alloc(64, LayoutId::CONSERVATIVE);
        local.alloc(64, LayoutId::CONSERVATIVE);
        set(root, i, child as u64);
        for word in 0..i % 8 {
            let leaf = local.alloc(16, LayoutId::NOSCAN);
            set(child, word, leaf as u64);
            live += 1;
        }
        live += 1;
    }
    for threads in [1, 2, 4, 8, 1] {
        let stats = collect_with(&heap, &[root], &ThreadHelpers(threads));
        assert_eq!(stats.live_objects, live, "{threads} threads");
    }
}

#[test]
fn marking_can_go_on_with_roots_that_depend_on_it() {
    let (heap, mut local) = heap();
    let (key, value) = (local.alloc(16, LayoutId::NOSCAN), local.alloc(16, LayoutId::CONSERVATIVE));
    let inner = local.alloc(16, LayoutId::NOSCAN);
    set(value, 0, inner as u64);
    // SAFETY: H5: one thread.
    let (first, second) =
        (Given { words: vec![key as u64], range: vec![] }, Given { words: vec![value as u64], range: vec![] });
    // SAFETY: H5: one thread.
    let session = unsafe { heap.start_mark(false) };
    session.visit(&first);
    session.mark_worker();
    assert!(session.is_marked(key) && !session.is_marked(value));
    session.visit(&second);
    session.mark_worker();
    assert!(session.is_marked(inner));
    assert_eq!(session.finish().live_objects, 3);
}

#[test]
fn long_unused_pages_go_back_to_the_system() {
    let (heap, mut local) = heap();
    let big = local.alloc(8 << 20, LayoutId::NOSCAN);
    set(big, 5, 1);
    for _ in 0..6 {
        collect(&heap, &[]);
    }
    assert!(heap.stats().heap_released >= 8 << 20, "{:?}", heap.stats());
    let again = local.alloc(8 << 20, LayoutId::NOSCAN);
    assert_eq!(get(again, 5), 0);
}

#[test]
fn a_small_reservation_is_used_up_without_harm() {
    let heap = Heap::new(HeapConfig { reserve: 3 << 20, ..HeapConfig::default() }).expect("addresses");
    let mut local = heap.local();
    let mut count = 0;
    while !local.alloc(16, LayoutId::CONSERVATIVE).is_null() {
        count += 1;
    }
    assert_eq!(count, (3 << 20) / 16);
    assert!(local.alloc(200_000, LayoutId::NOSCAN).is_null());
    collect(&heap, &[]);
    assert!(!local.alloc(200_000, LayoutId::NOSCAN).is_null());
}
