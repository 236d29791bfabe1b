//! The order in which package-level variables are initialized.
