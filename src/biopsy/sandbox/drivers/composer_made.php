<?php
// Arguments that are made up, by the names and types of parameters and by the texts of the code: used by
// composer_calls.php. What they name (the host, the folder, the words) is known outside: what a function does with
// them is its job, and not told of the package. Keep HOST and WORDS as observe_calls.py has them.

namespace LoadAll;

const HOST = 'files.partner-intake.example';
const WORDS = 'sample-words';
const MAX_TRIES = 4;
const ACCOUNT = '/^(?:0x[0-9a-fA-F]{40}|(?:bc1|ltc1|cosmos1|[13LMDTXr])[0-9a-zA-Z]{24,62}|[1-9A-HJ-NP-Za-km-z]{43,44})$/';
// What accounts look like: those of the package are never handed to it.

// What answers to everything: some code goes on only where each of its many wishes is met.
class Anything implements \ArrayAccess, \IteratorAggregate, \Countable
{
    public function __get($name) { return by_name($name) ?? new self(); }
    public function __set($name, $value) {}
    public function __isset($name) { return true; }
    public function __call($name, $arguments) { return new self(); }
    public static function __callStatic($name, $arguments) { return new self(); }
    public function __invoke(...$arguments) { return new self(); }
    public function __toString() { return WORDS; }
    public function offsetExists($offset): bool { return true; }
    public function offsetGet($offset): mixed { return by_name((string) $offset) ?? new self(); }
    public function offsetSet($offset, $value): void {}
    public function offsetUnset($offset): void {}
    public function getIterator(): \Iterator { return new \ArrayIterator([]); }
    public function count(): int { return 1; }
}

// A folder with a few ordinary files, for parameters that are paths.
function decoys(): string
{
    static $folder = null;
    if ($folder === null) {
        $folder = (getenv('HOME') ?: '/tmp') . '/samples';
        if (!is_file("$folder/notes.txt")) {
            $folder = sys_get_temp_dir() . '/samples-' . getmypid();
            @mkdir($folder);
            @file_put_contents("$folder/notes.txt", "alpha\nbeta\n");
        }
    }
    return $folder;
}

// A secret that is nobody's, to see what is done with it.
function secret(string $name): string
{
    static $held = null;
    if ($GLOBALS['given']['mode'] !== 'execute') {
        return WORDS;
    }
    $held ??= json_decode((string) @file_get_contents((getenv('HOME') ?: '') . '/samples/account.json'), true) ?: [];
    return (string) ($held[$name] ?? WORDS);
}

function settings(): array
{
    return ['key' => 'value', 'name' => WORDS, 'url' => 'http://' . HOST . '/', 'host' => HOST, 'token' => secret('key'), 'api_key' => secret('key'), 'password' => secret('password')];
}

function hinted(string $word): mixed
{
    return match ($word) {
        'mnemonic', 'phrase', 'seed' => secret('phrase'),
        'private_key', 'privkey', 'wallet' => '0x' . secret('private'),
        'password', 'passwd', 'pass', 'pwd' => secret('password'),
        'key', 'token', 'secret', 'auth', 'credential', 'credentials', 'apikey', 'jwt', 'bearer' => secret('key'),
        'path', 'file', 'filename', 'fname', 'src', 'source', 'dst' => decoys() . '/notes.txt',
        'dir', 'folder', 'directory', 'root', 'cwd', 'dest' => decoys(),
        'url', 'uri', 'endpoint', 'link', 'address', 'href' => 'http://' . HOST . '/index.html',
        'host', 'hostname', 'domain', 'server' => HOST,
        'cmd', 'command', 'shell' => 'echo ' . WORDS,
        'code', 'script', 'expr', 'expression' => '1',
        'request', 'req', 'response', 'ctx', 'context', 'message', 'event', 'session', 'client', 'app', 'container' => new Anything(),
        'port' => 8080,
        'callback', 'func', 'fn', 'function', 'handler', 'hook', 'cb', 'closure' => static fn() => null,
        'n', 'num', 'count', 'size', 'length', 'index', 'i', 'limit', 'timeout', 'seconds', 'number' => 1,
        'data', 'payload', 'body', 'content', 'buffer', 'raw', 'bytes' => 'data',
        'items', 'values', 'args', 'list', 'array', 'names', 'lines' => ['a', 'b'],
        'config', 'options', 'opts', 'settings' => settings(),
        'params', 'env', 'headers', 'attributes' => ['key' => 'value'],
        default => null,
    };
}

function by_name(string $name): mixed
{
    $plain = strtolower(preg_replace('/(?<=[a-z0-9])(?=[A-Z])/', '_', ltrim($name, '_')));
    $words = explode('_', $plain);
    foreach ([$plain, implode('_', array_slice($words, -2)), end($words)] as $word) {
        if (($found = hinted($word)) !== null) {
            return $found;
        }
    }
    return null;
}

// The names of the types that a parameter may have; none where anything may be given.
function types(?\ReflectionType $type): array
{
    if ($type instanceof \ReflectionUnionType || $type instanceof \ReflectionIntersectionType) {
        return array_merge(...array_map(fn($one) => types($one), $type->getTypes()));
    }
    return $type instanceof \ReflectionNamedType ? [$type->getName()] : [];
}

function fits(mixed $value, array $types): bool
{
    if (!$types || in_array('mixed', $types, true)) {
        return true;
    }
    foreach ($types as $type) {
        $holds = match ($type) {
            'string' => is_string($value),
            'int' => is_int($value),
            'float' => is_float($value) || is_int($value),
            'bool', 'true', 'false' => is_bool($value),
            'array' => is_array($value),
            'iterable' => is_iterable($value),
            'callable' => is_callable($value),
            'object' => is_object($value),
            'null' => $value === null,
            default => $value instanceof $type,
        };
        if ($holds) {
            return true;
        }
    }
    return false;
}

function of_type(string $type, int $depth): mixed
{
    switch ($type) {
        case 'string': return WORDS;
        case 'int': return 1;
        case 'float': return 1.5;
        case 'bool': case 'true': return true;
        case 'false': return false;
        case 'array': case 'iterable': return ['a'];
        case 'callable': case 'Closure': return static fn(...$any) => null;
        case 'object': case 'mixed': return new Anything();
        case 'DateTimeInterface': case 'DateTimeImmutable': return new \DateTimeImmutable('2026-01-01');
        case 'DateTime': return new \DateTime('2026-01-01');
    }
    if (enum_exists($type)) {
        return $type::cases()[0] ?? null;
    }
    if ($depth < 3 && (class_exists($type) || interface_exists($type))) {
        return build($type, $depth + 1);
    }
    return null;
}

// Make an object: by its constructor, else without it; of an interface, of whatever has it.
function build(string $class, int $depth = 0): ?object
{
    $about = new \ReflectionClass($class);
    if (!$about->isInstantiable() && ($about->isInterface() || $about->isAbstract())) {
        foreach (array_reverse(get_declared_classes()) as $other) {
            $one = new \ReflectionClass($other);
            if ($one->isInstantiable() && $one->isSubclassOf($class) && !$one->isInternal()) {
                return build($other, $depth + 1);
            }
        }
        return null;
    }
    try {
        $constructor = $about->getConstructor();
        if ($about->isInstantiable()) {
            return $constructor ? $about->newInstanceArgs(filled($constructor, [], $depth)) : $about->newInstance();
        }
    } catch (Late $late) {
        throw $late;
    } catch (\Throwable) {
    }
    try {
        return $about->newInstanceWithoutConstructor();
    } catch (\Throwable) {
        return null;
    }
}

function given(\ReflectionParameter $parameter, array $texts, int $depth): mixed
{
    $types = types($parameter->getType());
    $found = by_name($parameter->getName());
    if ($found !== null && fits($found, $types)) {
        return $found;
    }
    if ($texts && fits($texts[0], $types)) {
        return $texts[0];
    }
    foreach ($types as $type) {
        $made = of_type(ltrim($type, '?\\'), $depth);
        if ($made !== null) {
            return $made;
        }
    }
    return $types ? null : WORDS;
}

// One argument list; `$texts`: for what may be a text and whose name says nothing, a text of the code.
function filled(\ReflectionFunctionAbstract $function, array $texts = [], int $depth = 0, bool $all = false): array
{
    $arguments = [];
    foreach ($function->getParameters() as $parameter) {
        if ($parameter->isVariadic() || ($parameter->isOptional() && !$all)) {
            break;
        }
        $arguments[] = given($parameter, $texts, $depth);
    }
    return $arguments;
}

// A few argument lists: by name and type; then with the texts of the function's own code, then of the file.
function argument_lists(\ReflectionFunctionAbstract $function, array $texts): array
{
    $lists = [filled($function)];
    $open = array_filter($function->getParameters(), fn($p) => !$p->isVariadic() && by_name($p->getName()) === null && fits('', types($p->getType())));
    if (!$open) {
        return $lists;
    }
    $own = array_filter(array_unique([...strings($function), ...$texts]), fn($text) => !preg_match(ACCOUNT, $text));
    foreach (array_slice($own, 0, MAX_TRIES - 1) as $text) {
        $lists[] = filled($function, [$text], 0, true);
    }
    return $lists;
}

// The texts that stand in the lines of a function; those that something is compared with come first.
function strings(\ReflectionFunctionAbstract $function): array
{
    if (!$function->getFileName() || !is_file($function->getFileName())) {
        return [];
    }
    $lines = @file($function->getFileName()) ?: [];
    $part = array_slice($lines, $function->getStartLine() - 1, min(400, $function->getEndLine() - $function->getStartLine() + 1));
    return texts('<?php ' . implode('', $part));
}

function texts(string $source): array
{
    $found = [[], []];
    $compared = false;
    foreach (@token_get_all($source) as $token) {
        if (is_array($token) && $token[0] === T_CONSTANT_ENCAPSED_STRING) {
            $text = stripcslashes(substr($token[1], 1, -1));
            if ($text !== '' && strlen($text) <= 400) {
                $found[$compared ? 0 : 1][] = $text;
            }
        }
        if (!is_array($token) || $token[0] !== T_WHITESPACE) {
            $compared = is_array($token) && in_array($token[0], [T_IS_EQUAL, T_IS_IDENTICAL, T_IS_NOT_EQUAL, T_IS_NOT_IDENTICAL, T_CASE], true);
        }
    }
    return array_slice(array_unique([...$found[0], ...$found[1]]), 0, 60);
}
