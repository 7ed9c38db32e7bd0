<?php
// Load files of a PHP package, each in a fork of this process, which has the autoloader; or call what they define.
// Used by composer.py: its standard input is {mode, files, top, each, end, skip, words} in JSON; JSON lines go to
// descriptor 3: {at} before a file, {of, status, reason, took} after it, {step, index, status, reason} for a call.

namespace LoadAll;

const TOGETHER = 40; // files that share a fork, one after the other, until one is lost
const SETTLE = 400000; // µs that what a file has begun may go on before its process ends

$given = json_decode(stream_get_contents(STDIN), true);
$out = fopen('php://fd/3', 'w');
// What tests are made of where no framework for them is installed: it answers to everything, and asserts nothing.
class Framework
{
    public function __construct(...$any) {}
    public function __call($name, $arguments) { return class_exists(Anything::class) ? new Anything() : null; }
    public static function __callStatic($name, $arguments) { return null; }
}

function tell(array $line): void
{
    global $out;
    @fwrite($out, json_encode($line, JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
}

error_reporting(0);
ini_set('display_errors', '0');
set_time_limit(0);
ini_set('memory_limit', '512M');
if ($given['words']) {
    $_SERVER['argv'] = $argv = array_merge([$argv[0]], $given['words']);
}
require getcwd() . '/vendor/autoload.php';
spl_autoload_register(static function (string $class): void { // Composer's own, which plugins are made for
    $path = '/usr/share/php/' . str_replace('\\', '/', $class) . '.php';
    if (str_starts_with($class, 'Composer\\') && is_file($path)) {
        require_once $path;
    }
});
if ($given['mode'] === 'tests') {
    spl_autoload_register(static function (string $class): void {
        if (preg_match('/^(?:PHPUnit|PHPUnit_Framework|Yoast|Mockery|Prophecy|Codeception|Tests?)(?:\\\\|_)|TestCase$/', $class)) {
            class_alias(Framework::class, $class);
        }
    });
}
if ($given['mode'] !== 'import') {
    require __DIR__ . '/composer_made.php';
    require __DIR__ . '/composer_calls.php';
}

// The time, in seconds: ticks of the machine, for its clock jumps where everybody waits.
function now(): float
{
    return posix_times()['ticks'] / 100;
}

function reason(?\Throwable $error): string
{
    if ($error === null) {
        return '';
    }
    $text = strtok($error->getMessage(), "\n") ?: '';
    return 'raised: ' . get_class($error) . ': ' . substr($text, 0, 120);
}

// Be the fork: load files, say how that went, and leave.
function child(array $paths, array $given, $to): void
{
    $state = ['at' => 0, 'ended' => false];
    register_shutdown_function(function () use (&$state, $to) {
        if (!$state['ended']) { // somebody ended it, or it could not go on
            $last = error_get_last();
            $fatal = $last && ($last['type'] & (E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR));
            $text = $fatal ? 'fatal: ' . substr(strtok($last['message'], "\n") ?: '', 0, 150) : 'exited';
            send($to, ['of' => $state['at'], 'status' => $fatal ? 'failed' : 'completed', 'reason' => $text]);
        }
    });
    ob_start(fn() => '');
    foreach ($paths as $index => $path) {
        send($to, ['at' => $index]);
        $state['at'] = $index;
        $error = null;
        try {
            (static function () use ($path) {
                require_once $path;
            })();
        } catch (\Throwable $raised) {
            $error = $raised;
        }
        if ($given['mode'] !== 'import') {
            $state['ended'] = true;
            every($path, $given, $to);
        }
        send($to, ['of' => $index, 'status' => $error ? 'failed' : 'completed', 'reason' => reason($error)]);
    }
    $state['ended'] = true;
    while (ob_get_level() && @ob_end_clean()) {
    }
    exit(0);
}

function send($to, array $line): void
{
    @fwrite($to, json_encode($line, JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
}

// Have files loaded in one fork after the other, each of which goes on until one is lost; tell of each.
function several(array $paths, array $given, float $end): void
{
    for ($left = -1; $paths && $left !== count($paths);) { // one that does nothing at all is the last
        $left = count($paths);
        [$near, $far] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
        $pid = pcntl_fork();
        if ($pid === 0) {
            fclose($near);
            child($paths, $given, $far);
        }
        fclose($far);
        stream_set_blocking($near, false);
        $code = $at = null;
        $began = now();
        $limit = min($end, $began + $given['each']);
        $buffer = '';
        do {
            $gone = pcntl_waitpid($pid, $state, WNOHANG) === $pid;
            $code = $gone ? $state : $code;
            $read = [$near];
            $none = null;
            if (@stream_select($read, $none, $none, 0, $gone ? 0 : 50000)) {
                $buffer .= fread($near, 65536);
            }
            while (($cut = strpos($buffer, "\n")) !== false) {
                $line = json_decode(substr($buffer, 0, $cut), true);
                $buffer = substr($buffer, $cut + 1);
                if (isset($line['at'], $paths[$line['at']])) {
                    $at = $line['at'];
                    $began = now();
                    $limit = min($end, $began + $given['each']);
                    tell(['at' => $paths[$at]]);
                } elseif (isset($line['of'], $paths[$line['of']]) && $line['of'] === $at) {
                    done($paths[$at], (string) $line['status'], (string) ($line['reason'] ?? ''), $began);
                    unset($paths[$at]);
                    $at = null;
                }
            }
        } while (!$gone && now() < $limit);
        if ($code === null) {
            posix_kill($pid, SIGKILL);
            pcntl_waitpid($pid, $state);
        }
        fclose($near);
        if ($at !== null) {
            $why = $code === null ? ['timeout', 'no end'] : (pcntl_wifsignaled($code) ? ['crashed', 'signal-' . pcntl_wtermsig($code)] : ['failed', 'exit-' . pcntl_wexitstatus($code)]);
            done($paths[$at], $why[0], $why[1], $began);
            unset($paths[$at]);
        }
        if (now() >= $end - 0.2) {
            break;
        }
    }
    foreach ($paths as $path) {
        done($path, 'skipped', 'budget', now());
    }
}

function done(string $path, string $status, string $reason, float $began): void
{
    global $given;
    $name = ltrim(substr($path, strlen($given['top'])), '/');
    tell(['of' => $name, 'status' => $status, 'reason' => $reason, 'took' => round(now() - $began, 3)]);
}

// Have one file done in a fork and pass on what it says; calls that end the fork are gone on after in another.
function one(string $path, array $given, float $end): array
{
    $skip = $given['skip'];
    while (true) {
        [$near, $far] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
        $pid = pcntl_fork();
        if ($pid === 0) {
            fclose($near);
            $given['skip'] = $skip;
            $given['until'] = $end;
            child([$path], $given, $far);
        }
        fclose($far);
        stream_set_blocking($near, false);
        $answer = $call = null;
        $buffer = '';
        $code = null;
        $limit = $end;
        while (now() < $limit) {
            $read = [$near];
            $none = null;
            $ready = @stream_select($read, $none, $none, 0, 100000);
            $more = $ready ? fread($near, 65536) : '';
            $buffer .= $more;
            while (($at = strpos($buffer, "\n")) !== false) {
                $line = json_decode(substr($buffer, 0, $at), true);
                $buffer = substr($buffer, $at + 1);
                if (isset($line['call'], $line['status'])) {
                    $call = null;
                    tell(['step' => $line['call'], 'index' => $line['index'], 'status' => $line['status'], 'reason' => $line['reason'] ?? '']);
                } elseif (isset($line['call'])) {
                    $call = $line;
                    $limit = min($end, now() + ($line['time'] ?? 4.0));
                } elseif (isset($line['status'])) {
                    $answer = $line;
                    $limit = min($end, now() + 1.0);
                }
            }
            if (pcntl_waitpid($pid, $state, WNOHANG) === $pid) {
                $code = $state;
                break;
            }
        }
        if ($code === null) {
            posix_kill($pid, SIGKILL);
            pcntl_waitpid($pid, $state);
        }
        fclose($near);
        if ($call === null || $answer) {
            break;
        }
        $why = $code === null ? ['timeout', ''] : (pcntl_wifsignaled($code) ? ['crashed', 'signal-' . pcntl_wtermsig($code)] : ['failed', 'exited']);
        tell(['step' => $call['call'], 'index' => $call['index'], 'status' => $why[0], 'reason' => $why[1]]);
        $skip = $call['index'] + 1;
        if (now() >= $end) {
            return ['timeout', 'calls-unfinished'];
        }
    }
    if ($answer) {
        return [(string) $answer['status'], (string) ($answer['reason'] ?? '')];
    }
    if ($code === null) {
        return ['timeout', 'no end'];
    }
    return pcntl_wifsignaled($code) ? ['crashed', 'signal-' . pcntl_wtermsig($code)] : ['failed', 'exit-' . pcntl_wexitstatus($code)];
}

$end = now() + $given['end'];
if ($given['mode'] === 'import') {
    foreach (array_chunk($given['files'], TOGETHER) as $paths) {
        several($paths, $given, $end);
    }
} else {
    foreach ($given['files'] as $path) {
        $now = now();
        tell(['at' => $path]);
        if ($now > $end - 0.2) {
            done($path, 'skipped', 'budget', $now);
            continue;
        }
        [$status, $reason] = one($path, $given, min($end, $now + $given['each']));
        $given['skip'] = 0;
        done($path, $status, $reason, $now);
    }
}
tell(['done' => true]);
usleep(SETTLE);
