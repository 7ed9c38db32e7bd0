// Call what a module exports with made-up arguments. Read by node from its standard input, after made.cjs, client.cjs, whose
// `argumentLists` it uses: `node - NAME SKIP`.
//
// Writes JSON lines to descriptor 3: {index, call} before, the same with {status, reason} after each call,
// {done, status, reason} at the end. The first SKIP calls are left out: another process has done them.

const [NAME, SKIP] = [process.argv[2], Number(process.argv[3])]
const CALL_TIME = 500 // ms that a promise may take
const CHILD_TIME = 3000 // ms while programs run that it started
const BETWEEN = 250 // ms from the end of one to the start of the next
const MAX_TARGETS = 300
const MAX_METHODS = 40
const MAX_DEPTH = 2
const MAX_FOUND = 3000 // of which the most telling are called
const MAX_AFTER = 10 // calls of what one call gave back
const AFTER_TIME = 800 // ms for them
const TAKEN = 4
const later = setTimeout
const WATCH_TIME = 1200 // ms in which another account is looked for on the clipboard
const TELLING = /\b(?:eval|Function|fetch|atob|exec\w*|spawn\w*|fork|https?|net|dns|request|axios|got|post|send|socket|readFile\w*|unlink\w*|rm\w*|write\w*|homedir|env|Buffer|fromCharCode)\b|_0x|\\x[0-9a-f]{2}/

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

const OF_FUNCTIONS = new Set(['length', 'name', 'prototype', 'arguments', 'caller', 'super_'])

// Yield [label, function or name of a method, maker of `this` or null, whether to use `new`, its code].
function* targets(value, label, seen = new Set(), depth = 0) {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return
  seen.add(value)
  let keys = names(Object.keys, value)
  if (typeof value === 'function') {
    const made = isClass(value)
    yield [label, value, null, made, source(value)]
    if (made) yield* methods(get(value, 'prototype'), label, once(() => build(value)))
    keys = names(Object.getOwnPropertyNames, value).filter((name) => !OF_FUNCTIONS.has(name)) // static ones, too
  } else if (!Array.isArray(value)) yield* methods(parent(value), label, () => value)
  if (depth > MAX_DEPTH) return
  for (const key of keys) {
    if (!key.startsWith('_')) yield* targets(get(value, key), `${label}.${key}`, seen, depth + 1)
  }
}

const once = (make) => {
  let held
  return () => (held ??= make())
}

// What Node itself gives to its objects is nobody's to call.
const native = (proto) => proto === Object.prototype || /\[native code\]/.test(source(get(proto, 'constructor'))) || NODES.has(proto)
const NODES = new Set(['events', 'stream', 'net', 'http', 'child_process', 'fs'].flatMap((name) => {
  const loaded = process.moduleLoadList.includes(`NativeModule ${name}`) ? process.getBuiltinModule(name) : {}
  return [loaded, ...Object.values(loaded)].map((one) => one?.prototype).filter(Boolean)
}))

function* methods(first, label, instance) {
  const found = new Map()
  for (let proto = first; proto && !native(proto) && found.size <= MAX_TARGETS; proto = parent(proto)) {
    for (const name of names(Object.getOwnPropertyNames, proto)) {
      if (!found.has(name)) found.set(name, Object.getOwnPropertyDescriptor(proto, name)?.value)
    }
  }
  for (const [name, fn] of [...found].slice(0, MAX_METHODS)) {
    if (name === 'constructor' || name.startsWith('_')) continue
    yield [`${label}#${name}`, name, instance, false, source(fn)]
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

async function attempt([label, thing, make, made], anything) {
  let outcome = null
  const began = Date.now()
  try {
    const self = make ? make() : undefined
    const fn = make ? self[thing] : thing
    if (typeof fn !== 'function') return { status: 'completed', reason: '' }
    for (const list of anything ? [strangeArguments(fn)] : argumentLists(fn, /[\w$]*$/.exec(label)[0])) {
      try {
        const result = await follow(made ? new fn(...list) : fn.apply(self, list))
        if (!made && outcome?.status !== 'completed') await after(result, began)
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
    const end = Date.now() + CHILD_TIME
    let busy = 0
    const late = new Promise((_, refuse) => {
      const expire = () => {
        if (process.getActiveResourcesInfo().includes('ProcessWrap')) busy = Date.now()
        if (Date.now() > Math.min(end, busy + BETWEEN)) refuse(LATE)
        else timer = setTimeout(expire, 100)
      }
      timer = setTimeout(expire, CALL_TIME)
    })
    try {
      return await Promise.race([result, late])
    } finally {
      clearTimeout(timer)
    }
  }
  if (typeof result === 'object' && result !== null && typeof get(result, 'next') === 'function') {
    for (let count = 0; count < TAKEN; count++) {
      if ((await result.next())?.done) break
    }
    return undefined
  }
  return result
}

// Call what a call gave back: the handler that a factory made, the methods of a client.
const known = new Set()
async function after(result, began) {
  if (result === null || !/^(?:object|function)$/.test(typeof result) || known.has(result)) return
  known.add(result)
  let count = 0
  for (const target of targets(result, 'result')) {
    if (count++ >= MAX_AFTER || Date.now() > began + AFTER_TIME) return
    try {
      const [, thing, make, made] = target
      const self = make ? make() : undefined
      const fn = make ? self[thing] : thing
      if (typeof fn !== 'function') continue
      let lists = 0
      for (const list of argumentLists(fn)) {
        try {
          await follow(made ? new fn(...list) : fn.apply(self, list))
        } catch {
          // the next
        }
        if (made || ++lists === 2) break
      }
    } catch {
      // the next
    }
  }
}

// ---- somebody else's request

// Whoever uses a package makes requests of his own. Where the package replaced what makes them, one is made, with a token
// that is known outside (observe_calls.py): to HOST it is ours, to anybody else it was copied.
const builtin = (name) => process.getBuiltinModule(name)
const WATCHED = {
  fetch: () => globalThis.fetch,
  'Headers.set': () => globalThis.Headers?.prototype.set,
  'http.request': () => builtin('http').request,
  'http.get': () => builtin('http').get,
  'https.request': () => builtin('https').request,
  'https.get': () => builtin('https').get,
  ...Object.fromEntries(['write', 'end', 'setHeader', '_send', 'onSocket'].map((name) => [`ClientRequest.${name}`, () => builtin('http').ClientRequest.prototype[name]])),
  'Agent.addRequest': () => builtin('http').Agent.prototype.addRequest,
  'Socket.write': () => builtin('net').Socket.prototype.write,
  'Socket.connect': () => builtin('net').Socket.prototype.connect,
  'JSON.parse': () => JSON.parse,
  'JSON.stringify': () => JSON.stringify,
}
const originals = Object.entries(WATCHED).map(([name, find]) => [name, find, find()])
const replaced = () => originals.filter(([, find, first]) => find() !== first).map(([name]) => name)

// The account that somebody copied to pay. What a call put there in its place is taken away, for it may be what the call
// was given; another account stays, for that is what is looked for.
const clipboard = path.join(os.homedir(), '.local/share/clipboard')
const copied = () => {
  try {
    return fs.readFileSync(clipboard, 'latin1')
  } catch {
    return ''
  }
}
const account = copied()
let touched = false
const hold = (text, mark = '') => {
  try {
    fs.writeFileSync(clipboard + mark, text, 'latin1')
  } catch {
    // not ours any more
  }
}
const swapped = (now) => ACCOUNT.test(now.trim()) && now.trim().toLowerCase() !== account.trim().toLowerCase()
const putBack = () => {
  const now = copied()
  if (!account || now === account) return
  touched = true
  if (!swapped(now)) hold(account)
}
// See whether somebody puts another account there while nothing is called; leave a mark where it is so.
async function watch() {
  const before = copied()
  if (!touched) return
  hold(account)
  for (const end = Date.now() + WATCH_TIME; Date.now() < end;) {
    await new Promise((done) => setTimeout(done, 50))
    if (swapped(copied())) return hold(copied(), '.swapped')
  }
  hold(before)
}

async function bystander() {
  const token = fs.readFileSync(path.join(os.homedir(), '.config/partner-intake/session'), 'utf8').trim()
  const headers = { authorization: `Bearer ${token}`, cookie: `session=${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ account: 'ada', session: token })
  JSON.parse(JSON.stringify({ account: 'ada', password: token, privateKey: token })) // what a caller was answered
  const old = new Promise((done) => {
    const request = builtin('http').request({ host: HOST, path: '/account', method: 'POST', headers }, (answer) => answer.resume().on('end', done))
    request.on('error', done).end(body)
  })
  await Promise.allSettled([globalThis.fetch?.(`http://${HOST}/account`, { method: 'POST', headers, body }), old])
  await new Promise((done) => setTimeout(done, 100))
}

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
  const found = []
  for (const target of targets(module, 'exports')) {
    if (found.push(target) >= MAX_FOUND) break
  }
  setTexts(found.flatMap(([, fn]) => (typeof fn === 'function' ? harvest(source(fn)) : [])))
  const telling = found.filter((target) => TELLING.test(target[4]))
  const ways = clientsAmong(module, found) // asked before anything made-up is hung into them
  const asked = ways.length ? [['a request through it', () => through(ways), null, false, '']] : []
  const all = [...asked, ...telling, ...found.filter((target) => !TELLING.test(target[4]))].slice(0, MAX_TARGETS)
  const again = telling.slice(0, MAX_TARGETS).filter(([, fn]) => typeof fn !== 'function' || fn.length)
  for (const [index, target] of [...all, ...again].entries()) {
    if (index < SKIP) continue
    const strange = index >= all.length
    const call = strange ? `${target[0]} (anything)` : target[0]
    tell({ index, call, strange })
    tell({ index, call, strange, ...(await attempt(target, strange)) })
    linesReached(tell, false)
    putBack()
  }
  linesReached(tell)
  await watch()
  const index = all.length + again.length
  const [changed] = replaced()
  if (changed && index >= SKIP) {
    const call = `another's request through ${changed}`
    tell({ index, call })
    tell({ index, call, ...(await attempt([call, bystander, null, false], false)) })
  }
  tell({ done: true, status: 'completed', reason: '' })
  later(() => {}, LATER) // it stands before this text
})().catch((err) => tell({ done: true, status: 'failed', reason: `calls: ${say(err)}` }))
