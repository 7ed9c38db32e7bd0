// Arguments that are made up, by the names of parameters and by the texts that stand in the code.
//
// What they name (the host, the folder, the words) is known outside: what a function does with them is its job, and
// not told of the package. Keep HOST and WORDS as observe_calls.py has them.

const fs = process.getBuiltinModule('fs')
const os = process.getBuiltinModule('os')
const path = process.getBuiltinModule('path')

const HOST = 'files.partner-intake.example'
const WORDS = 'sample-words'
const MAX_TEXTS = 60
const MAX_LENGTH = 400
const MAX_TRIES = 4
const text = Function.prototype.toString

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

// Secrets that are nobody's, to see what is done with them.
const secret = (() => {
  try {
    return JSON.parse(fs.readFileSync(path.join(samples, 'account.json'), 'utf8'))
  } catch {
    return { key: WORDS, password: WORDS, phrase: WORDS, private: WORDS }
  }
})()

// What answers to everything: some code goes on only where each of its many wishes is met.
const anything = () => new Proxy(function () {}, {
  get(target, key, self) {
    if (key === Symbol.toPrimitive || key === 'toString' || key === 'toJSON') return () => WORDS
    if (key === Symbol.iterator) return function* () {}
    if (key === 'then' || typeof key === 'symbol') return undefined
    if (key === 'length') return 1
    if (key === 'prototype') return target.prototype
    if (/^(?:message|body|data|text|html|content|value|name|username|email)$/i.test(key)) return WORDS
    const told = SECRETS.find(([pattern]) => pattern.test(key))
    if (told) return told[1]()
    return (target[`_${key}`] ??= anything())
  },
  apply: (target, self, list) => {
    for (const one of list) if (typeof one === 'function') setTimeout(() => one(null, anything()), 1).unref()
    return anything()
  },
  construct: () => anything(),
  has: () => true,
})

// What builds a project, to whom a plug-in says at which of its steps it wants to be called: each of them is done at once.
const compiler = () => {
  const told = (name, fn) => { if (typeof fn === 'function') setTimeout(() => fn(anything(), anything()), 1) }
  const step = new Proxy({}, { get: (target, key) => (/^tap/.test(String(key)) ? told : undefined) })
  const made = { context: process.cwd(), outputPath: path.join(process.cwd(), 'dist'), options: { mode: 'production', context: process.cwd(), entry: {}, plugins: [], module: { rules: [] }, output: { path: path.join(process.cwd(), 'dist') } }, hooks: new Proxy({}, { get: () => step }), plugin: told }
  const rest = anything()
  return new Proxy(made, { get: (target, key) => (key in target ? target[key] : rest[key]) })
}
const asked = () => ({
  method: 'POST', url: '/orders?id=1', originalUrl: '/orders?id=1', path: '/orders', ip: '192.0.2.7', cookies: { session: secret.key },
  headers: { host: HOST, cookie: `session=${secret.key}`, authorization: `Bearer ${secret.key}`, 'content-type': 'application/json' },
  query: { id: '1' }, params: { id: '1' }, body: { username: 'ada', email: `ada@${HOST}`, password: secret.password, message: WORDS },
  socket: { remoteAddress: '192.0.2.7' }, get: () => WORDS, on() { return this }, once() { return this },
})

// A request that is what a handler's own code asks of one: `url === '/x'`, `headers['x-key'] === 'v'`, `body.cmd`.
const COMPARED = /(?:\.([\w$]+)|\[\s*['"]([^'"\]]+)['"]\s*\]|\(\s*['"]([^'"]+)['"]\s*\))\s*(?:={2,3}|!={1,2}|\.(?:includes|startsWith|endsWith)\()\s*['"]([^'"\n]{1,200})['"]/g
const wanted = (code) => {
  const pairs = [...code.matchAll(COMPARED)].slice(0, 20).map((one) => [one[1] ?? one[2] ?? one[3], one[4]])
  if (!pairs.length || UNASKED) return null
  const made = asked()
  for (const [name, text] of pairs) {
    if (!(name in made) || typeof made[name] === 'string') made[name] = text
    for (const part of [made.headers, made.query, made.params, made.body, made.cookies]) part[/[A-Z]/.test(name) && part === made.headers ? name.toLowerCase() : name] = text
  }
  if (made.url !== '/orders?id=1') made.path = made.originalUrl = made.url
  else if (made.path !== '/orders') made.url = made.originalUrl = made.path
  made.get = made.header = (name) => made.headers[String(name).toLowerCase()] ?? WORDS
  const rest = anything()
  return new Proxy(made, { get: (target, key) => (key in target ? target[key] : rest[key]) })
}

const SECRETS = [
  [/(?:mnemonic|phrase|seed)s?$/i, () => secret.phrase],
  [/(?:priv(?:ate)?_?key|wallet)$/i, () => `0x${secret.private}`],
  [/(?:password|passwd|pass|pwd)$/i, () => secret.password],
  [/(?:key|token|secret|auth|credentials?|jwt|bearer)$/i, () => secret.key],
]
const KEYED = /^(?:decode|decode(?:Key|Base58|Unsafe|Check)|from(?:Base58|Secret|Private|Seed|WIF)\w*|(?:import|load|restore|recover|parse|read|check|validate|verify|is|to)\w*(?:Key|Keypair|Wallet|Account|Secret))$/i
const HINTS = [
  [/(?:path|file|filename|src|source|dst|input|output)$/i, () => decoy('notes.txt')],
  [/(?:dir|folder|directory|root|cwd|dest)$/i, () => decoy('')],
  [/(?:url|uri|endpoint|link|href|address)$/i, () => `http://${HOST}/index.html`],
  [/(?:host|hostname|domain|server)$/i, () => HOST],
  [/(?:^|[^a-z])(?:cmd|command|shell)$|Command$/i, () => `echo ${WORDS}`],
  [/^(?:code|script|expr|expression)$/i, () => '1'],
  [/port$/i, () => 8080],
  [/^req(?:uest)?$/i, asked],
  [/^compiler$/, compiler],
  [/^(?:res|response|reply|ctx|context|app|client|bot|browser|page)$/i, anything],
  [/(?:^cb|callback|func|fn|function|handler|hook|listener|next|done|iteratee|predicate)$/i, () => () => true],
  [/^(?:n|num|number|count|size|length|index|i|limit|timeout|ms|seconds|delay)$/i, () => 1],
  [/(?:data|payload|body|content|buffer|buf|raw|bytes|chunk)$/i, () => Buffer.from('data')],
  [/(?:items|values|args|list|array|arr|collection|names|lines)$/i, () => ['a', 'b']],
  [/(?:config|options|opts|settings)$/i, () => options()],
  [/(?:params|props|object|obj|env|headers)$/i, () => ({ key: 'value' })],
]
// No phrase and no private key: what takes options may well pass all of them on, and that tells nothing.
const options = () => ({
  key: 'value', name: WORDS, url: `http://${HOST}/`, baseURL: `http://${HOST}/`, host: HOST, token: secret.key,
  apiKey: secret.key, password: secret.password,
})

// The names of a function's parameters; null for one that has a value of its own.
function parameters(fn) {
  const code = source(fn)
  const head = /^class\b/.test(code) ? (/constructor\s*(\([^{]*)/.exec(code)?.[1] ?? '()') : code
  const match = /^(?:async\s+)?(?:function\s*\*?\s*[\w$]*\s*)?(?:[*\s]*[\w$]+\s*(?=\())?\(?([^)]*)/.exec(head)
  const text = (match?.[1].split('=>')[0] ?? '').replace(/\{([^{}]*)\}/g, (_, inside) => `{${inside.replace(/=[^,]*/g, '').replace(/,/g, '|')}}`)
  const plain = (one) => (/^\{.+\}/.test(one) ? one : /=/.test(one) ? null : one.replace(/^\.\.\./, ''))
  const listed = text.split(',').map((one) => plain(one.trim())).filter((name) => name !== '')
  while (listed.length < Math.min(get(fn, 'length') ?? 0, 6)) listed.push('')
  return listed.slice(0, 6)
}

const value = (name, index) => {
  if (name === null) return undefined
  const hint = /^[{[]/.test(name) ? null : [...SECRETS, ...HINTS].find(([pattern]) => pattern.test(name))
  if (hint) return hint[1]()
  if (name[0] === '[') return ['a']
  if (name[0] === '{') {
    const wanted = name.slice(1).split('}')[0].split('|').map((one) => one.split(':')[0].trim().replace(/^\.\.\..*/, ''))
    return Object.fromEntries(wanted.filter(Boolean).map((one) => [one, value(one, index)]))
  }
  return TEXTS.length ? TEXTS[(name.length + index) % TEXTS.length] : WORDS
}

function* argumentLists(fn, called = '') {
  const names = parameters(fn)
  yield names.map(value)
  if (!names.length) return
  // Who takes a key apart or checks it is given one, whatever his parameter is called.
  if ((KEYED.test(called) || KEYED.test(get(fn, 'name') ?? '')) && !/^[{[]/.test(names[0] ?? '{')) yield names.map((name, index) => (index ? value(name, index) : secret.wallet ?? secret.key))
  const request = names.findIndex((name) => /^(?:req(?:uest)?|ctx|context|event|message|msg|update)$/i.test(name ?? ''))
  const fit = request < 0 ? null : wanted(source(fn))
  if (fit) yield names.map((name, index) => (index === request ? fit : value(name, index)))
  // What a parameter's name says it is for is never replaced by a text of the package's: what is done to it is ours.
  const said = names.map((name) => name !== null && HINTS.some(([pattern]) => pattern.test(name)))
  let tries = 1
  for (const one of said.every(Boolean) ? [] : new Set([...harvest(source(fn)), ...TEXTS])) {
    if (tries++ >= MAX_TRIES) break
    yield names.map((name, index) => (said[index] ? value(name, index) : one))
  }
  if (tries < MAX_TRIES) yield names.map(() => undefined)
}

const strangeArguments = (fn) => Array.from({ length: Math.max(1, parameters(fn).length) }, anything)

// What accounts look like: those of the package are never handed to it, for what it does with them is asked.
const ACCOUNT = /^(?:0x[0-9a-fA-F]{40}|(?:bc1|ltc1|cosmos1|[13LMDTXr])[0-9a-zA-Z]{24,62}|[1-9A-HJ-NP-Za-km-z]{43,44})$/
const harvest = (code) => {
  const found = [...code.matchAll(/'((?:[^'\\\n]|\\.){1,400})'|"((?:[^"\\\n]|\\.){1,400})"|`([^`$\\]{1,400})`/g)]
  return found.map((match) => match[1] ?? match[2] ?? match[3]).filter((one) => one.length <= MAX_LENGTH && !ACCOUNT.test(one))
}
let TEXTS = []
const setTexts = (found) => (TEXTS = [...new Set(found)].slice(0, MAX_TEXTS))

