"""A crate with nothing in it but what has Cargo do all that it can do: a build script, a library, a binary,
an example, a test; and one that is a macro.
"""

from biopsy.ecosystems.blanks import NAME, VERSION, packed

_HEAD = f'[package]\nname = "{NAME}"\nversion = "{VERSION}"\nedition = "2021"\n'
_BUILD = 'fn main() {\n    println!("cargo:rerun-if-changed=build.rs");\n}\n'
_LIBRARY = "pub fn run(value: &str) -> usize {\n    value.len()\n}\n"
_MAIN = "fn main() {}\n"
_TEST = "#[test]\nfn runs() {}\n"
_MACRO = (
    "extern crate proc_macro;\nuse proc_macro::TokenStream;\n\n"
    "#[proc_macro]\npub fn run(tokens: TokenStream) -> TokenStream {\n    tokens\n}\n"
)


def library() -> tuple[str, bytes]:
    """With everything that Cargo builds and runs."""
    return _crate(
        {
            "Cargo.toml": _HEAD,
            "build.rs": _BUILD,
            "src/lib.rs": _LIBRARY,
            "src/main.rs": _MAIN,
            "examples/one.rs": _MAIN,
            "tests/one.rs": _TEST,
        }
    )


def macro() -> tuple[str, bytes]:
    """What a compiler loads into itself."""
    return _crate({"Cargo.toml": f"{_HEAD}\n[lib]\nproc-macro = true\n", "src/lib.rs": _MACRO})


def _crate(files: dict[str, str]) -> tuple[str, bytes]:
    top = f"{NAME}-{VERSION}"
    return f"{top}.crate", packed({f"{top}/{path}": text for path, text in files.items()})
