//! How long marking takes by the shape of what lives: `cargo bench --package gol_heap [-- SHAPE]`.
//!
//! Each shape is about 200 MB. A row has the shortest and the median of nine collections, with one thread and with two.

use gol_heap::{Heap, HeapConfig, LayoutId, LocalHeap, RootVisitor, Roots, ThreadHelpers, mem};
use std::time::{Duration, Instant};

const NODE: usize = 32;
const NODES: usize = (200 << 20) / NODE;

struct One(u64);

impl Roots for One {
    fn visit(&self, visitor: &mut dyn RootVisitor) {
        visitor.word(self.0);
    }
}

/// A heap under construction. Nothing is collected before it is complete.
struct Build {
    local: LocalHeap,
    /// Two pointers, two other words.
    node: LayoutId,
    random: u64,
}

impl Build {
    fn node(&mut self) -> *mut u8 {
        self.local.alloc(NODE, self.node)
    }

    fn array(&mut self, words: usize) -> *mut u8 {
        self.local.alloc(words * 8, LayoutId::CONSERVATIVE)
    }

    fn nodes(&mut self) -> Vec<*mut u8> {
        (0..NODES).map(|_| self.node()).collect()
    }

    fn shuffled(&mut self) -> Vec<*mut u8> {
        let mut nodes = self.nodes();
        for i in (1..nodes.len()).rev() {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            nodes.swap(i, (self.random % (i as u64 + 1)) as usize);
        }
        nodes
    }

    /// A binary tree of `depth` levels, allocated as a recursive function does it: the node after its subtrees.
    fn tree(&mut self, depth: usize) -> *mut u8 {
        if depth == 0 {
            return std::ptr::null_mut();
        }
        let (left, right) = (self.tree(depth - 1), self.tree(depth - 1));
        let node = self.node();
        set(node, 0, left);
        set(node, 1, right);
        node
    }
}

fn set(object: *mut u8, word: usize, value: *mut u8) {
    // SAFETY: H6: the callers stay within their objects.
    unsafe { mem::store_u64(object.add(word * 8), value as u64) }
}

/// Links the nodes to a list.
fn link(nodes: &[*mut u8]) -> *mut u8 {
    nodes.windows(2).for_each(|pair| set(pair[0], 0, pair[1]));
    nodes[0]
}

/// Links the nodes to a tree whose levels follow each other.
fn heap_order(nodes: &[*mut u8]) -> *mut u8 {
    for (i, &node) in nodes.iter().enumerate().skip(1) {
        set(nodes[(i - 1) / 2], (i - 1) % 2, node);
    }
    nodes[0]
}

type Shape = (&'static str, fn(&mut Build) -> *mut u8);

const SHAPES: [Shape; 9] = [
    ("list", |b| link(&b.nodes())),
    ("list, shuffled", |b| link(&b.shuffled())),
    ("1000 lists, interleaved", |b| {
        let heads = b.array(1000);
        for i in 0..NODES {
            let (node, slot) = (b.node(), i % 1000);
            // SAFETY: H6: the array has 1000 words.
            set(node, 0, unsafe { mem::load_u64(heads.add(slot * 8)) } as *mut u8);
            set(heads, slot, node);
        }
        heads
    }),
    ("tree", |b| {
        let root = b.node();
        for (word, depth) in [22, 21].into_iter().enumerate() {
            let tree = b.tree(depth);
            set(root, word, tree);
        }
        root
    }),
    ("tree by levels", |b| heap_order(&b.nodes())),
    ("tree by levels, shuffled", |b| heap_order(&b.shuffled())),
    ("one array of pointers", |b| {
        let nodes = b.nodes();
        let array = b.array(nodes.len());
        nodes.iter().enumerate().for_each(|(i, &node)| set(array, i, node));
        array
    }),
    ("one array of pointers, shuffled", |b| {
        let nodes = b.shuffled();
        let array = b.array(nodes.len());
        nodes.iter().enumerate().for_each(|(i, &node)| set(array, i, node));
        array
    }),
    ("arrays of pointers to objects without", |b| {
        let arrays = b.array(50_000);
        for i in 0..50_000 {
            let array = b.array(100);
            (0..100).for_each(|j| set(array, j, b.local.alloc(NODE, LayoutId::NOSCAN)));
            set(arrays, i, array);
        }
        arrays
    }),
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    println!("{:40} {:>10} {:>10} {:>10} {:>10}", "ms", "1 thread", "median", "2 threads", "median");
    for (name, build) in SHAPES {
        if !wanted.is_empty() && !wanted.iter().any(|w| name.contains(w.as_str())) {
            continue;
        }
        let heap = Heap::new(HeapConfig { gc_percent: -1, ..HeapConfig::default() }).expect("addresses");
        let node = heap.layouts().add(NODE, &[3]);
        let mut b = Build { local: heap.local(), node, random: 88_172_645_463_325_252 };
        let root = build(&mut b);
        print!("{name:40}");
        for threads in [1, 2] {
            let mut times: Vec<Duration> = (0..9)
                .map(|_| {
                    heap.finish_sweep();
                    let start = Instant::now();
                    // SAFETY: H5: only this thread uses the heap.
                    unsafe { heap.collect(&One(root as u64), &ThreadHelpers(threads)) };
                    start.elapsed()
                })
                .collect();
            times.sort();
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            print!(" {:10.1} {:10.1}", ms(times[0]), ms(times[times.len() / 2]));
        }
        println!();
    }
}
