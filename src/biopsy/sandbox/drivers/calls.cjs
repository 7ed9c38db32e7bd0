// Call what a module exports with made-up arguments. Read by node from its standard input: `node - NAME SKIP`.
//
// Writes JSON lines to descriptor 3: {index, call} before, the same with {status, reason} after each call,
// {done, status, reason} at the end. The first SKIP calls are left out: another process has done them.

const fs = process.getBuiltinModule('fs')
const os = process.getBuiltinModule('os')
const path = process.getBuiltinModule('path')

const [NAME, SKIP] = [process.argv[2], Number(process.argv[3])]
const CALL_TIME = 500 // ms that a promise may take
const MAX_TARGETS = 300
const MAX_METHODS = 40
const MAX_DEPTH = 2
const MAX_TEXTS = 60
const MAX_LENGTH = 400
const MAX_TRIES = 4
const TAKEN = 4
const later = setTimeout
const text = Function.prototype.toString

const tell = (message) => {
  try {
    fs.writeSync(3, JSON.stringify(message) + '\n')
  } catch {
    // nobody listens
  }
}
const say = (err) => {
  try {
    return `raised: ${err?.name ?? typeof err}: ${String(err?.message ?? err).split('\n')[0]}`.slice(0, 200)
  } catch {
    return 'raised'
  }
}
const source = (fn) => {
  try {
    return text.call(fn).slice(0, 100_000)
  } catch {
    return ''
  }
}
const get = (object, key) => {
  try {
    return object[key]
  } catch {
    return undefined
  }
}

// ---- what there is to call

// What may be a proxy is asked with care: any of these may throw.
const names = (ask, object) => {
  try {
    return ask(object).slice(0, MAX_TARGETS)
  } catch {
    return []
  }
}
const parent = (object) => {
  try {
    return Object.getPrototypeOf(object)
  } catch {
    return null
  }
}
const isClass = (fn) => /^class\b/.test(source(fn)) || names(Object.getOwnPropertyNames, get(fn, 'prototype') ?? {}).length > 1

// Yield [label, function, maker of `this` or null, whether to use `new`].
function* targets(value, label, seen = new Set(), depth = 0) {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return
  seen.add(value)
  if (typeof value === 'function') {
    const made = isClass(value)
    yield [label, value, null, made]
    if (made) yield* methods(value, label)
  }
  if (depth > MAX_DEPTH) return
  for (const key of names(Object.keys, value)) {
    if (!key.startsWith('_')) yield* targets(get(value, key), `${label}.${key}`, seen, depth + 1)
  }
}

function* methods(cls, label) {
  let held
  const instance = () => (held ??= build(cls))
  const first = get(cls, 'prototype')
  const found = new Set()
  for (let proto = first; proto && proto !== Object.prototype; proto = parent(proto)) {
    if (proto !== first && /\[native code\]/.test(source(get(proto, 'constructor')))) break
    names(Object.getOwnPropertyNames, proto).forEach((name) => found.add(name))
    if (found.size > MAX_TARGETS) break
  }
  for (const name of [...found].slice(0, MAX_METHODS)) {
    if (name === 'constructor' || name.startsWith('_')) continue
    yield [`${label}#${name}`, name, instance, false]
  }
}

function build(cls) {
  for (const list of argumentLists(cls)) {
    try {
      return new cls(...list)
    } catch {
      // the next
    }
  }
  return Object.create(cls.prototype)
}

// ---- one call

async function attempt([, thing, make, made]) {
  let outcome = null
  try {
    const self = make ? make() : undefined
    const fn = make ? self[thing] : thing
    if (typeof fn !== 'function') return { status: 'completed', reason: '' }
    for (const list of argumentLists(fn)) {
      try {
        await follow(made ? new fn(...list) : fn.apply(self, list))
        outcome = { status: 'completed', reason: '' }
      } catch (err) {
        if (err === LATE) return outcome ?? { status: 'timeout', reason: `no end after ${CALL_TIME} ms` }
        outcome ??= { status: 'failed', reason: say(err) }
      }
    }
  } catch (err) {
    outcome ??= { status: 'failed', reason: say(err) }
  }
  return outcome ?? { status: 'failed', reason: 'no-arguments' }
}

const LATE = Symbol('late')

async function follow(result) {
  if (typeof get(Object(result), 'then') === 'function') {
    let timer
    const late = new Promise((_, refuse) => (timer = setTimeout(refuse, CALL_TIME, LATE)))
    try {
      await Promise.race([result, late])
    } finally {
      clearTimeout(timer)
    }
  } else if (typeof result === 'object' && result !== null && typeof get(result, 'next') === 'function') {
    for (let count = 0; count < TAKEN; count++) {
      if ((await result.next())?.done) break
    }
  }
}

// ---- arguments

const samples = path.join(os.homedir(), 'samples')
let folder = fs.existsSync(path.join(samples, 'notes.txt')) ? samples : null
const decoy = (name) => {
  try {
    if (!folder) {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'work-'))
      fs.writeFileSync(path.join(folder, 'notes.txt'), 'alpha\nbeta\n')
      fs.writeFileSync(path.join(folder, 'data.json'), '{"key": "value"}\n')
    }
    return path.join(folder, name)
  } catch {
    return name
  }
}

const HINTS = [
  [/(?:path|file|filename|src|source|dst|input|output)$/i, () => decoy('notes.txt')],
  [/(?:dir|folder|directory|root|cwd|dest)$/i, () => decoy('')],
  [/(?:url|uri|endpoint|link|href|address)$/i, () => 'http://service.example/index.html'],
  [/(?:host|hostname|domain|server)$/i, () => 'service.example'],
  [/port$/i, () => 8080],
  [/(?:^cb|callback|func|fn|function|handler|hook|listener|next|done|iteratee|predicate)$/i, () => () => true],
  [/^(?:n|num|number|count|size|length|index|i|limit|timeout|ms|seconds|delay)$/i, () => 1],
  [/(?:data|payload|body|content|buffer|buf|raw|bytes|chunk)$/i, () => Buffer.from('data')],
  [/(?:items|values|args|list|array|arr|collection|names|lines)$/i, () => ['a', 'b']],
  [/(?:config|options|opts|params|props|settings|object|obj|env|headers|context|ctx)$/i, () => ({ key: 'value' })],
]

function parameters(fn) {
  const code = source(fn)
  const match = /^(?:async\s+)?(?:function\s*\*?\s*[\w$]*\s*)?\(?([^)=]*)/.exec(/^class\b/.test(code) ? (/constructor\s*\([^)]*/.exec(code)?.[0].replace('constructor', '') ?? '(') : code)
  const listed = (match?.[1] ?? '').split(',').map((name) => name.trim().replace(/^\.\.\./, '')).filter(Boolean)
  while (listed.length < Math.min(get(fn, 'length') ?? 0, 6)) listed.push('')
  return listed.slice(0, 6)
}

const value = (name, index) => {
  const hint = HINTS.find(([pattern]) => pattern.test(name))
  if (hint) return hint[1]()
  if (/^[{[]/.test(name)) return name[0] === '{' ? { key: 'value' } : ['a']
  return TEXTS.length ? TEXTS[(name.length + index) % TEXTS.length] : 'text'
}

function* argumentLists(fn) {
  const names = parameters(fn)
  yield names.map(value)
  if (!names.length) return
  const own = harvest(source(fn))
  let tries = 1
  for (const one of new Set([...own, ...TEXTS])) {
    if (tries++ >= MAX_TRIES) break
    yield names.map((name, index) => (HINTS.slice(2).some(([pattern]) => pattern.test(name)) ? value(name, index) : one))
  }
  if (tries < MAX_TRIES) yield names.map(() => undefined)
}

const harvest = (code) => {
  const found = [...code.matchAll(/'((?:[^'\\\n]|\\.){1,400})'|"((?:[^"\\\n]|\\.){1,400})"|`([^`$\\]{1,400})`/g)]
  return found.map((match) => match[1] ?? match[2] ?? match[3]).filter((t) => t.length <= MAX_LENGTH)
}
let TEXTS = []

// ---- all of it

process.on('uncaughtException', () => {})
process.on('unhandledRejection', () => {})
;(async () => {
  let module
  try {
    module = require(NAME)
  } catch (first) {
    try {
      module = await import(NAME)
    } catch (err) {
      tell({ done: true, status: 'failed', reason: say(first?.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? err : first) })
      return
    }
  }
  const all = []
  for (const target of targets(module, 'exports')) {
    if (all.push(target) >= MAX_TARGETS) break
  }
  TEXTS = [...new Set(all.flatMap(([, fn]) => (typeof fn === 'function' ? harvest(source(fn)) : [])))].slice(0, MAX_TEXTS)
  for (const [index, target] of all.entries()) {
    if (index < SKIP) continue
    tell({ index, call: target[0] })
    const outcome = await attempt(target)
    tell({ index, call: target[0], ...outcome })
  }
  tell({ done: true, status: 'completed', reason: '' })
  later(() => {}, LATER) // it stands before this text
})().catch((err) => tell({ done: true, status: 'failed', reason: `calls: ${say(err)}` }))
