//! Collecting the objects of a package.
