// Words of code under a key of one byte. What is found is undone and read; the words alone are no finding.

rule xored {
  meta: kind = "data.payload" value = "xor" needs = "data"
  strings:
    $a = "import os" xor(0x01-0xff) $b = "subprocess" xor(0x01-0xff) $c = "child_process" xor(0x01-0xff)
    $d = "This program cannot be run" xor(0x01-0xff) $e = "/bin/bash" xor(0x01-0xff)
    $f = "powershell" xor(0x01-0xff) $g = "import base64" xor(0x01-0xff) $h = "__import__" xor(0x01-0xff)
    $i = "process.env" xor(0x01-0xff) $j = "os.environ" xor(0x01-0xff)
    $k = "import sys" xor(0x01-0xff) $l = "import socket" xor(0x01-0xff) $m = "urlopen(" xor(0x01-0xff)
    $n = "require(" xor(0x01-0xff) $o = "function(" xor(0x01-0xff) $p = "console.log" xor(0x01-0xff)
    $q = "Buffer.from" xor(0x01-0xff) $r = "os.system" xor(0x01-0xff) $s = "urllib.request" xor(0x01-0xff)
    $t = "b64decode" xor(0x01-0xff) $u = "https.request" xor(0x01-0xff) $v = "import json" xor(0x01-0xff)
  condition: any of them
}
