"""What a crate offers is found by reading, and called with arguments that are known to be ours."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import biopsy.sandbox

DRIVERS = Path(biopsy.sandbox.__file__).parent / "drivers"


@pytest.fixture(scope="module")
def calls() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cratecalls", DRIVERS / "cratecalls.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SOURCE = """
// pub fn commented() {}
pub fn one(host: &str, size: usize) -> Option<u8> { None }
fn hidden() {}
pub mod inner;
pub mod here { pub fn two(pairs: [[i64; 2]; 2]) {} fn shut() {} }
mod private { pub fn three() {} }
pub struct Ring { size: usize }
impl Ring {
    pub fn new(size: usize) -> Ring { Ring { size } }
    pub fn put(&mut self, words: Vec<String>) {}
}
impl Drop for Ring { fn drop(&mut self) {} }
pub fn generic<T: Into<String>>(text: T) {}
#[cfg(test)]
mod tests { pub fn four() {} }
"""


def test_public_functions_and_methods_are_found(calls: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "lib.rs").write_text(SOURCE)
    (tmp_path / "inner.rs").write_text("pub fn deep() {}\n")
    found = {item.path: item for item in calls.items(str(tmp_path / "lib.rs"))}
    assert set(found) == {"one", "here::two", "Ring::new", "Ring::put", "generic", "inner::deep"}
    assert found["Ring::put"].maker is found["Ring::new"]
    line = calls.called(3, found["Ring::put"], "sim")
    assert "sim::Ring::new(3).put(vec![" in line
    assert calls.named(3, found["Ring::put"], "sim") == ""
    assert calls.named(3, found["here::two"], "sim") == "std::hint::black_box(sim::here::two as usize);"


EXPORTS = """
mod decimal;
mod parts;
pub mod shown;
pub use crate::decimal::{Decimal, made as build, inner::*};
pub use parts::Part;
#[cfg(test)]
mod tests;
pub use other_crate::Thing;
"""


def test_what_a_crate_exports_again_is_called_by_the_path_that_others_have(
    calls: ModuleType, tmp_path: Path
) -> None:
    texts = {
        "lib.rs": EXPORTS,
        "decimal.rs": "pub mod inner;\npub struct Decimal;\nimpl Decimal { pub fn new(n: i64) -> Decimal { Decimal } }\n"
        "pub fn made() {}\npub fn kept() {}\n",
        "decimal/inner.rs": "pub fn deep() {}\n",
        "parts.rs": "pub struct Part;\nimpl Part { pub fn cut(&self) {} }\n",
        "shown.rs": "mod below;\npub use self::below::low;\npub use super::parts::Part as Piece;\n",
        "shown/below.rs": "pub fn low() {}\npub fn lost() {}\n",
        "tests.rs": "pub fn checked() {}\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {item.path: item for item in calls.items(str(tmp_path / "lib.rs"))}
    assert set(found) == {"Decimal::new", "build", "deep", "Part::cut", "shown::low"}
    assert found["Decimal::new"].of == "Decimal"


@pytest.mark.parametrize(
    ("parameter", "given"),
    [
        ("host: &str", '"files.partner-intake.example"'),
        ("words: &'a str", '"sample-words"'),
        ("data: &[u8]", '"sample-words".as_bytes()'),
        ("count: u32", "3"),
        ("table: [[i64; 2]; 2]", "Default::default()"),
        ("text: impl Into<String>", '"sample-words"'),
    ],
)
def test_arguments_fit_their_types_and_names(calls: ModuleType, parameter: str, given: str) -> None:
    assert calls.value(parameter) == given


def test_arguments_are_parted_at_commas_that_stand_in_no_brackets(calls: ModuleType) -> None:
    assert calls.split("a: Fn(u8, u8) -> u8, b: Vec<(u8, u8)>,") == [
        "a: Fn(u8, u8) -> u8",
        "b: Vec<(u8, u8)>",
    ]


def test_macros_are_used_each_in_its_own_program(calls: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    source = "#[proc_macro_derive(Named, attributes(x))]\npub fn a() {}\n#[proc_macro]\npub fn b() {}\n"
    (tmp_path / "src" / "lib.rs").write_text(source + "#[proc_macro_attribute]\npub fn c() {}\n")
    assert [label for label, _ in calls.macros(str(tmp_path), "sim")] == [
        "derive Named",
        "macro b",
        "attribute c",
    ]
