//! stub
use crate::Vm;
use crate::raise::Raise;
use gol_bytecode::TypeRef;
use gol_runtime::Worker;
pub(crate) unsafe fn make(_vm: &Vm, _w: &mut Worker, _t: TypeRef, _n: i64) -> Result<u64, Raise> {
    Ok(0)
}
pub(crate) unsafe fn get(
    _vm: &Vm,
    _w: &mut Worker,
    _t: TypeRef,
    _m: u64,
    _k: *const u64,
    _d: *mut u64,
    _ok: bool,
) -> Result<(), Raise> {
    Ok(())
}
pub(crate) unsafe fn set(
    _vm: &Vm,
    _w: &mut Worker,
    _t: TypeRef,
    _m: u64,
    _k: *const u64,
    _d: *const u64,
) -> Result<(), Raise> {
    Ok(())
}
pub(crate) unsafe fn delete(_vm: &Vm, _t: TypeRef, _m: u64, _k: *const u64) -> Result<(), Raise> {
    Ok(())
}
pub(crate) unsafe fn len(_m: u64) -> u64 {
    0
}
pub(crate) unsafe fn clear(_vm: &Vm, _w: &mut Worker, _t: TypeRef, _m: u64) -> Result<(), Raise> {
    Ok(())
}
pub(crate) unsafe fn iter(_vm: &Vm, _w: &mut Worker, _t: TypeRef, _m: u64) -> Result<u64, Raise> {
    Ok(0)
}
pub(crate) unsafe fn next(
    _vm: &Vm,
    _w: &mut Worker,
    _t: TypeRef,
    _m: u64,
    _k: *mut u64,
    _d: *mut u64,
) -> Result<bool, Raise> {
    Ok(false)
}
