<?php
// Call what one file of a package defines with made-up arguments: used by composer_load.php, after composer_made.php.

namespace LoadAll;

const CALL_TIME = 2; // seconds that one call may take, before it is interrupted
const LOST_TIME = 6.0; // …before its process is ended
const MAX_TARGETS = 300;
const MAX_METHODS = 40;
const MAX_AFTER = 10; // calls of what one call gave back
const TAKEN = 4; // items of an iterator
const TELLING = '/\b(?:eval|assert|exec|system|shell_exec|passthru|proc_open|popen|pcntl_exec|curl_\w+|fsockopen|stream_\w+|file_get_contents|file_put_contents|fopen|readfile|unlink|rmdir|base64_decode|gzinflate|gzuncompress|str_rot13|hex2bin|getenv|unserialize|include|require|mail|dns_get_record|gethostbyname|create_function|call_user_func\w*|Guzzle\w*|HttpClient)\b|\$_(?:ENV|SERVER|GET|POST|COOKIE)|`/i';
const LEFT_OUT = ['__construct', '__destruct', '__clone', '__serialize', '__unserialize', '__sleep', '__wakeup', '__set_state', '__get', '__set', '__isset', '__unset', '__call', '__callstatic', '__debuginfo'];

class Late extends \Error
{
}

// What there is to call: label, function, maker of its object or null, how telling its code is.
function targets(string $path): array
{
    $real = realpath($path);
    $found = [];
    foreach (get_defined_functions()['user'] as $name) {
        $function = new \ReflectionFunction($name);
        if ($function->getFileName() === $real) {
            $found[] = [$function->getName(), $function, null, telling($function)];
        }
    }
    foreach ([...get_declared_classes(), ...get_declared_traits()] as $class) {
        $about = new \ReflectionClass($class);
        if ($about->getFileName() !== $real) {
            continue;
        }
        $held = null;
        $make = function () use (&$held, $class) {
            if ($held === null && ($held = build($class)) instanceof Framework && method_exists($held, 'setUp')) {
                (new \ReflectionMethod($held, 'setUp'))->invoke($held);
            }
            return $held;
        };
        if (!$about->isAbstract() && !$about->isTrait() && !$about->isInterface() && !$about->isEnum()) {
            $found[] = [$class, null, $make, $about->getConstructor() ? telling($about->getConstructor()) : 0];
        }
        foreach (array_slice($about->getMethods(\ReflectionMethod::IS_PUBLIC), 0, MAX_METHODS) as $method) {
            $own = $method->getFileName() === $real && !$method->isAbstract();
            if ($own && !in_array(strtolower($method->getName()), LEFT_OUT, true) && ($method->isStatic() || !$about->isAbstract())) {
                $found[] = [$class . ($method->isStatic() ? '::' : '->') . $method->getName(), $method, $method->isStatic() ? null : $make, telling($method)];
            }
        }
    }
    usort($found, fn($one, $two) => $two[3] <=> $one[3]);
    return array_slice($found, 0, MAX_TARGETS);
}

// Whether what could be called is a test: by its name, or as PHPUnit is told.
function test(array $target): bool
{
    [, $function] = $target;
    return $function instanceof \ReflectionMethod
        && (stripos($function->getName(), 'test') === 0 || str_contains((string) $function->getDocComment(), '@test') || str_contains(implode(' ', array_map(fn($one) => $one->getName(), $function->getAttributes())), 'Test'));
}

function telling(\ReflectionFunctionAbstract $function): int
{
    $lines = $function->getFileName() ? (@file($function->getFileName()) ?: []) : [];
    $part = array_slice($lines, $function->getStartLine() - 1, $function->getEndLine() - $function->getStartLine() + 1);
    return (int) preg_match(TELLING, implode('', $part));
}

function every(string $path, array $given, $to): void
{
    pcntl_async_signals(true);
    pcntl_signal(SIGALRM, function () {
        throw new Late('late');
    });
    $texts = texts((string) @file_get_contents($path));
    $targets = $given['mode'] === 'tests' ? array_values(array_filter(targets($path), __NAMESPACE__ . '\\test')) : targets($path);
    foreach ($targets as $index => [$label, $function, $make]) {
        if ($index < $given['skip']) {
            continue;
        }
        if (now() > $given['until'] - 0.3) {
            break;
        }
        $line = ['call' => substr($label, 0, 200) . '()', 'index' => $index];
        send($to, $line + ['time' => LOST_TIME]);
        [$status, $reason] = attempt($function, $make, $texts);
        send($to, $line + ['status' => $status, 'reason' => $reason]);
    }
}

// Call with one argument list after the other; the outcome is the best of them.
function attempt(?\ReflectionFunctionAbstract $function, ?callable $make, array $texts): array
{
    $outcome = ['failed', 'no-arguments'];
    try {
        pcntl_alarm(CALL_TIME);
        $object = $make ? $make() : null;
        if ($function === null) {
            return $object ? ['completed', ''] : ['failed', 'not-made'];
        }
        if ($make && !$object) {
            return ['failed', 'not-made'];
        }
        foreach (argument_lists($function, $texts) as $arguments) {
            try {
                pcntl_alarm(CALL_TIME);
                $result = $function instanceof \ReflectionMethod ? $function->invokeArgs($object, $arguments) : $function->invokeArgs($arguments);
                after($result);
                $outcome = ['completed', ''];
            } catch (Late $late) {
                return $outcome[0] === 'completed' ? $outcome : ['timeout', 'no end after ' . CALL_TIME . ' s'];
            } catch (\Throwable $raised) {
                $outcome = $outcome[0] === 'completed' ? $outcome : ['failed', 'raised: ' . get_class($raised)];
            }
        }
    } catch (\Throwable $raised) {
        $outcome = $outcome[0] === 'completed' ? $outcome : ['failed', reason($raised)];
    } finally {
        pcntl_alarm(0);
    }
    return $outcome;
}

// Drive what a call gave back: a generator, a function, an object of the package that was not seen yet.
function after(mixed $result): void
{
    static $seen = [];
    if ($result instanceof \Closure) {
        $result(...filled(new \ReflectionFunction($result)));
    } elseif ($result instanceof \Iterator) {
        for ($count = 0; $count < TAKEN && $result->valid(); $count++, $result->next()) {
            $result->current();
        }
    } elseif (is_object($result) && !$result instanceof Anything && !isset($seen[get_class($result)])) {
        $about = new \ReflectionClass($result);
        if ($about->isInternal()) {
            return;
        }
        $seen[get_class($result)] = true;
        foreach (array_slice($about->getMethods(\ReflectionMethod::IS_PUBLIC), 0, MAX_AFTER) as $method) {
            if ($about->isAnonymous() && !str_starts_with($method->getName(), '__') && !$method->isAbstract()) {
                $method->invokeArgs($result, filled($method));
            }
        }
    }
}
