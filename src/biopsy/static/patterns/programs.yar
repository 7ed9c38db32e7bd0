// What stands in the strings of programs, byte code and data. Nobody sees these when reading the source.

rule miner_program {
  meta: kind = "process.does" value = "mine xmrig" needs = "binary"
  strings: $a = "donate-level" $b = "randomx" nocase $c = "stratum+tcp://" $d = "xmrig" nocase $e = "cryptonight" nocase $f = "mining.subscribe"
  condition: 3 of them
}

rule shell_over_network {
  meta: kind = "process.does" value = "reverse-shell string" needs = "binary"
  strings:
    $tcp = "/dev/tcp/" $udp = "/dev/udp/" $nc = /\bnc(at)? (-[a-z]+ )*[0-9a-zA-Z.%]{4,60} [0-9%]{1,5} -e/ $fifo = "mkfifo /tmp/"
    $i = "sh -i"
  condition: $nc or $fifo and $i or ($tcp or $udp) and $i
}

rule download_and_run {
  meta: kind = "process.does" value = "fetch-and-run string" needs = "binary"
  strings:
    $pipe = /(curl|wget) [^\x00\n|]{6,200}\| ?(sudo )?(ba|z|da)?sh\b/
    $ps = /(DownloadString|DownloadFile|Invoke-WebRequest|iwr )[^\x00\n]{4,200}(iex|Invoke-Expression|Start-Process)/ nocase ascii wide
    $iex = /\b(iex|Invoke-Expression)\b[^\x00\n]{1,60}(DownloadString|irm |iwr )/ nocase ascii wide
  condition: any of them
}

rule encoded_powershell {
  meta: kind = "process.does" value = "encoded powershell" needs = "binary"
  strings: $a = /powershell(\.exe)?[^\x00\n]{0,120} -e(nc|ncodedcommand)? [A-Za-z0-9+\/=]{24}/ nocase ascii wide
  condition: $a
}

rule scheduled_start {
  meta: kind = "process.does" value = "persist string" needs = "binary"
  strings:
    $run = "Software\\Microsoft\\Windows\\CurrentVersion\\Run" nocase ascii wide
    $task = /schtasks(\.exe)? \/create/ nocase ascii wide
    $cron = /crontab -\x00|\(crontab -l/ $agent = "/Library/LaunchAgents/" $unit = ".config/systemd/user/"
  condition: any of ($task, $cron, $unit, $agent) or ($run and uint16(0) == 0x5A4D)
}

rule defences_off {
  meta: kind = "process.does" value = "defence string" needs = "binary"
  strings:
    $a = "Add-MpPreference -ExclusionPath" nocase ascii wide $b = "Set-MpPreference -Disable" nocase ascii wide
    $c = "AmsiScanBuffer" ascii wide $d = "netsh advfirewall set allprofiles state off" nocase ascii wide
    $e = "vssadmin delete shadows" nocase ascii wide $f = "wevtutil cl " nocase ascii wide $g = "setenforce 0"
  condition: any of them
}

rule ransom_note {
  meta: kind = "process.does" value = "wipe ransom-note" needs = "any"
  strings:
    $a = /your (important )?files (have been|are|were) encrypted/ nocase
    $b = /(send|pay|transfer) [^\n]{0,40}(bitcoin|btc|monero|xmr)\b/ nocase
  condition: $a and $b
}

rule runner_memory {
  meta: kind = "process.does" value = "read-memory runner" needs = "any"
  strings: $a = "Runner.Worker" $b = /\/proc\/[^\n\x00]{1,40}\/(mem|maps)/ $c = "isSecret\":true"
  condition: $a and ($b or $c)
}

rule secret_scanner {
  meta: kind = "process.does" value = "search trufflehog" needs = "binary"
  strings: $a = "trufflehog filesystem" $b = "--results=verified" $c = "gitleaks detect"
  condition: any of them
}

rule web_shell {
  meta: kind = "process.does" value = "web-shell" needs = "any"
  strings:
    $php = /(eval|assert|system|passthru|shell_exec|popen|proc_open)\s*\(\s*(base64_decode\s*\(\s*)?(@?\$_(GET|POST|REQUEST|COOKIE|SERVER))\b/
    $jsp = /Runtime\.getRuntime\(\)\.exec\(\s*request\.getParameter/ $asp = /eval\s*\(?\s*Request(\.(Item|Form|QueryString))?[\[(]/ nocase
  condition: any of them
}

rule workflow_in_code {
  meta: kind = "process.does" value = "publish workflow-with-secrets" needs = "any"
  strings: $a = /\$\{\{\s{0,4}toJSON\(\s{0,4}secrets\s{0,4}\)/ nocase $b = ".github/workflows" $c = "runs-on:"
  condition: $a and ($b or $c)
}
