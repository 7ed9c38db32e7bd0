// What a file is, told by its bytes: packers, bundlers and containers of code.
// `kind` and `value` name the behaviour that a match becomes; `needs` says in what kind of file it is looked for.

rule upx {
  meta: kind = "code.obfuscated" value = "upx" needs = "program"
  strings: $mark = "UPX!" $a = "UPX0" $b = "UPX1" $c = "$Info: This file is packed with the UPX"
  condition: $mark and (1 of ($a, $b, $c) or #mark >= 2 or $mark in (0..4096))
}

rule other_packers {
  meta: kind = "code.obfuscated" value = "packer" needs = "program"
  strings:
    $vmprotect = ".vmp0" $themida = ".themida" $winlicense = ".winlice" $aspack = ".aspack" $mpress = ".MPRESS1"
    $enigma = ".enigma1" $petite = ".petite" $kkrunchy = "kkrunchy" $burneye = "burneye"
  condition: any of them and uint16(0) == 0x5A4D and (for any of them : (@ < 4096))
}

rule pyinstaller {
  meta: kind = "code.obfuscated" value = "pyinstaller" needs = "program"
  strings: $cookie = { 4D 45 49 0C 0B 0A 0B 0E } $boot = "_MEIPASS" $pyi = "pyi-runtime-tmpdir"
  condition: $cookie or ($boot and $pyi)
}

rule nuitka {
  meta: kind = "code.obfuscated" value = "nuitka" needs = "program"
  strings: $one = "NUITKA_ONEFILE_PARENT" $two = "__nuitka_binary_dir" $three = "Nuitka_Loader" $four = "NUITKA_PACKAGE_HOME"
  condition: any of them
}

rule pyarmor {
  meta: kind = "code.obfuscated" value = "pyarmor" needs = "binary"
  strings: $new = "pyarmor_runtime" $old = "__pyarmor__" $older = "pytransform" $head = "PYARMOR"
  condition: 2 of them
}

rule py2exe_and_cx_freeze {
  meta: kind = "code.obfuscated" value = "frozen-python" needs = "program"
  strings: $a = "PYTHONSCRIPT" wide $b = "cx_Freeze" $c = "py2exe" $d = "PyOxidizer"
  condition: any of ($a, $b, $d) or ($c and uint16(0) == 0x5A4D)
}

rule node_bundles {
  meta: kind = "code.obfuscated" value = "node-bundle" needs = "program"
  strings:
    $sea = "NODE_SEA_BLOB" $pkg = "pkg/prelude/bootstrap.js" $dummy = "PKG_DUMMY_ENTRYPOINT" $nexe = "<nexe~~sentinel>"
    $deno = "d3n0l4nd" $bun = "---- Bun! ----"
  condition: any of them
}

rule script_compilers {
  meta: kind = "code.obfuscated" value = "compiled-script" needs = "program"
  strings: $autoit = "AU3!EA06" $autoit5 = "AU3!EA05" $ahk = ">AUTOHOTKEY SCRIPT<" $bat = "Bat To Exe Converter"
  condition: any of them
}

rule self_extracting {
  meta: kind = "archive.nested" value = "installer" needs = "program"
  strings: $nsis = "NullsoftInst" $inno = "Inno Setup Setup Data" $rar = "WinRAR SFX" $seven = ";!@Install@!UTF-8!" $iexpress = "wextract.pdb"
  condition: any of them
}

rule go_program {
  meta: kind = "code.native" value = "offers go-program" needs = "program"
  strings: $id = "Go build ID:" $info = { FF 20 47 6F 20 62 75 69 6C 64 69 6E 66 3A }
  condition: any of them
}
