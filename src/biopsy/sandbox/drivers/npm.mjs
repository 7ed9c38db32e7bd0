// Install a package with npm; load it in every way that it offers; try its commands; call what it exports.
//
//     node npm.mjs install [--name NAME] [--budget SECONDS] FILE
//     node npm.mjs import|scripts|execute --name NAME [--budget SECONDS] [--each SECONDS]
//
// Prints a JSON line for each step and one for the whole; exits 0 (completed), 64 (failed) or 65 (skipped).
// The package is only ever loaded by other processes, which share no stream with this one but a pipe of their own.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { browsers, visit } from './browser.mjs'
import { entries } from './entries.mjs'
import { LATER, loadFiles, remaining } from './files.mjs'
import { Lines, asking } from './lines.mjs'

const KEPT = 64 * 1024 // characters of a command's output that are looked at
const SHOWN = 4000 // of them that are printed for people
const FLOOD = 16 * 1024 // characters from which loading something is said to flood, where they say little
const SAYING = 20 // one line in so many is new, in what says anything
const LINGER = 2500 // ms that a process may go on after it
const ONWARD = 1500 // ms from each half day that it then got through by its own clock: it counts hours, and shall come to their end
const CALL_TIME = 4000 // ms without news from one that calls
const COMMAND_TIME = 5000
const TOOLS_TIME = 8000 // ms for using all the tools that a command serves
const MAX_LOOKED = 1024 ** 2 // characters of a command in which signs of them are looked for
const ALONE = 12 // loads that have a process of their own; the rest go in groups
const GROUP = 25
const SHORT = 15 // s that a go once more has, in which fewer are alone: each was before, and starting is what takes long
const ALONE_AGAIN = 3
const MAX_ENTRIES = 200
const FILES_TIME = 15_000 // ms for the files that no entry has loaded
const MAX_BINS = 20
const MAX_STEPS = 1500
const MAX_RESTARTS = 5
const CODES = { completed: 0, failed: 64, skipped: 65 }
const HERE = dirname(fileURLToPath(import.meta.url))

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', default: '' },
    budget: { type: 'string', default: '45' },
    each: { type: 'string', default: '10' },
    unasked: { type: 'boolean', default: false }, // no request that a handler's own code asks for
    word: { type: 'string', multiple: true, default: [] }, // arguments that the package's own code asks for
  },
})
const LOAD_TIME = Number(options.each) * 1000 // ms that loading may take
const END = Date.now() + Number(options.budget) * 1000
const left = () => END - Date.now()
const active = new Set()
const reachedLines = new Lines(options.name)
let steps = 0

function say(line) {
  try {
    writeSync(1, JSON.stringify(line) + '\n')
  } catch {
    // nobody listens
  }
}

function step(name, status, reason = '', started = 0) {
  steps += 1
  if (steps > MAX_STEPS) return
  const duration = started ? (Date.now() - started) / 1000 : 0
  say({ step: String(name).slice(0, 300), status, reason: String(reason).slice(0, 300), duration })
}

function finish(status, reason = '') {
  if (steps > MAX_STEPS) say({ step: '…', status: 'skipped', reason: `${steps - MAX_STEPS} more steps` })
  for (const pid of active) kill(pid)
  try {
    for (const line of reachedLines.tell()) say(line)
  } catch {
    // the package is gone
  }
  say({ phase: status, reason })
  process.exit(CODES[status] ?? 0)
}

// ---- other processes

// Run a command; settle when it has exited, whoever still holds its pipes. `hear` gets the JSON lines that it
// writes to its descriptor 3 and may give a number of ms after which it is ended.
function run(argv, { timeout, input = null, hear = null }) {
  return new Promise((settle) => {
    const stdio = [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(hear ? ['pipe'] : [])]
    const result = { code: null, signal: null, expired: false, done: false, output: '', said: 0 }
    let child, timer
    try {
      child = spawn(argv[0], argv.slice(1), { stdio, detached: true })
    } catch (err) {
      settle({ ...result, code: 127, output: String(err) })
      return
    }
    const expire = () => {
      result.expired = true
      kill(child.pid, result.done)
    }
    const allow = (ms) => {
      clearTimeout(timer)
      timer = setTimeout(expire, Math.max(0, ms))
    }
    active.add(child.pid)
    allow(timeout)
    const keep = (data) => {
      result.said += data.length
      result.output = (result.output + data).slice(-KEPT)
    }
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', keep).on('error', () => {})
    if (hear) listen(child.stdio[3], (message) => {
      reachedLines.hear(message)
      const ms = hear(message)
      result.done ||= Boolean(message.done)
      if (ms) allow(ms)
    })
    if (input !== null) child.stdin.on('error', () => {}).end(input)
    let over = false
    const done = () => {
      if (over) return
      over = true
      active.delete(child.pid)
      clearTimeout(timer)
      for (const stream of child.stdio) stream?.destroy()
      child.unref()
      settle(result)
    }
    child.on('error', (err) => {
      result.code ??= 127
      keep(String(err))
      done()
    })
    child.on('exit', (code, signal) => {
      Object.assign(result, { code, signal })
      setTimeout(done, 60) // for what it wrote last; `close` may never come
    })
    child.on('close', done)
  })
}

function listen(stream, hear) {
  let buffer = ''
  stream.setEncoding('utf8').on('error', () => {}).on('data', (data) => {
    const lines = (buffer + data).split('\n')
    buffer = lines.pop().slice(-1_000_000)
    for (const line of lines) {
      try {
        hear(JSON.parse(line))
      } catch {
        // not ours
      }
    }
  })
}

// End a process and its group; only itself where it had done its work: what it left running may go on.
function kill(pid, alone = false) {
  for (const target of alone ? [pid] : [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL')
    } catch {
      // gone
    }
  }
}

function judge({ code, signal, expired }) {
  if (expired) return ['timeout', 'no end']
  if (signal) return ['crashed', `signal-${signal}`]
  return code === 0 ? ['completed', ''] : ['failed', `exit-${code}`]
}

// ---- install

const CAUSES = [
  [/npm error code (E404|ETARGET|ENOVERSIONS)/, 'dependency-missing'],
  [/npm error code (E403|E5\d\d|ECONN\w+|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT)/, 'registry-failed'],
  [/npm error code (ERESOLVE)/, 'dependency-conflict'],
  [/npm error code (EBADPLATFORM|EBADENGINE)/, 'unsupported-platform'],
  [/npm error code (ENOSPC)/, 'disk-full'],
  [/npm error (?:command|code) (sh -c .{1,200})/, 'script-failed'],
  [/npm error path .*node_modules.*\n(?:npm error .*\n)*?npm error command (.{1,200})/, 'script-failed'],
  [/npm error code (\w{1,40})/, 'npm-failed'],
]
const NPM = ['npm', 'install', '--no-audit', '--no-fund', '--no-progress', '--no-update-notifier', '--loglevel=error']

async function install() {
  const file = positionals[1]
  const attempt = async (label, argv) => {
    const started = Date.now()
    const result = await run(argv, { timeout: left() })
    let [status, reason] = judge(result)
    if (status === 'failed') {
      const cause = CAUSES.map(([pattern, code]) => [pattern.exec(result.output), code]).find(([match]) => match)
      if (cause) reason = `${cause[1]}: ${cause[0][1]}`
    }
    step(label, status, reason, started)
    writeSync(2, result.output.slice(-SHOWN))
    return [status, reason]
  }
  const [status, reason] = await attempt('npm install', [...NPM, '--ignore-scripts=false', file])
  if (status !== 'failed') finish(status, reason)
  if (reason.startsWith('script-failed')) {
    // npm has taken the package away again: put it back for the phases to come
    await attempt('npm install --ignore-scripts', [...NPM, '--ignore-scripts', file])
    finish('failed', reason)
  }
  if (!/^(?:dependency-|registry-|unsupported-)/.test(reason)) finish('failed', reason)
  const bare = /^(?:dependency-missing|registry-)/.test(reason)
  const [second] = bare
    ? await unpacked(file, attempt)
    : await attempt('npm install --force', [...NPM, '--ignore-scripts=false', '--force', file])
  if (second === 'completed') finish('completed', `${bare ? 'without-dependencies' : 'forced'}: ${reason}`)
  finish('failed', reason)
}

// Put the package in place without its dependencies, and run its scripts all the same.
async function unpacked(file, attempt) {
  const folder = join('node_modules', options.name)
  mkdirSync(folder, { recursive: true })
  const tar = await attempt('tar', ['tar', '-xzf', file, '-C', folder, '--strip-components=1', '--no-same-owner'])
  if (tar[0] !== 'completed') return tar
  return attempt('npm rebuild', ['npm', 'rebuild', '--no-progress', '--loglevel=error', '--ignore-scripts=false', options.name])
}

// ---- what a package offers

function manifest() {
  const folder = join('node_modules', options.name)
  if (!options.name || !existsSync(folder)) finish('skipped', 'not-installed')
  try {
    const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8').replace(/^\ufeff/, ''))
    return found && typeof found === 'object' ? found : {}
  } catch {
    return {}
  }
}

// Give what there is to load, as much as is tried; say of the rest that it is left out.
function offered() {
  const names = entries(options.name, manifest())
  if (names.length > MAX_ENTRIES) step('…', 'skipped', `limit: ${names.length - MAX_ENTRIES} more entries`)
  return names.slice(0, MAX_ENTRIES)
}

// ---- load

const LOADER = `
const [way, ...names] = process.argv.slice(2)
process.argv.splice(1, Infinity, ...(words.length ? [process.cwd() + '/index.js', ...words] : ['-']))
const { writeSync } = process.getBuiltinModule('fs')
const tell = (message) => { try { writeSync(3, JSON.stringify(message) + '\\n') } catch {} }
const later = setTimeout
const told = new Set()
const files = (ask) => {
  try {
    const fresh = ask().filter((file) => !told.has(file)).slice(0, 5000)
    fresh.forEach((file) => told.add(file))
    if (fresh.length) tell({ files: fresh })
  } catch {}
}
;(async () => {
  for (const name of names) {
    tell({ at: name })
    files(() => [require.resolve(name)])
    try {
      if (way === 'require') require(name)
      else await import(name)
      tell({ name, ok: true })
    } catch (err) {
      tell({ name, ok: false, code: String(err?.code ?? ''), text: String(err?.name ?? typeof err) + ': ' + String(err?.message ?? err).split('\\n')[0] })
    }
    files(() => Object.keys(require.cache))
    linesReached(tell, false)
  }
  linesReached(tell)
  tell({ done: true })
  later(() => {}, ${LATER}) // a program that uses it goes on for days
  for (let days = 0.5; days * 86400e3 < ${LATER}; days += 0.5) later(() => tell({ later: days }), days * 86400e3)
})()
`
const reached = new Set() // files that were loaded by now

function loaded(message) {
  if (message.ok) return ['completed', '']
  const { code = '', text = '' } = message
  if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return ['skipped', 'not-exported']
  if (/^ERR_REQUIRE_(?:ESM|ASYNC_MODULE)$/.test(code)) return ['skipped', `esm-only: ${code}`]
  if (/^(?:ERR_)?MODULE_NOT_FOUND$/.test(code)) return ['failed', `missing-module: ${text}`]
  return ['failed', `raised: ${code ? `${code}: ` : ''}${text}`]
}

// Tell of what prints the same few lines without end, as some do in protest.
function flooded(what, { said, output }) {
  const lines = said < FLOOD ? [] : output.split('\n')
  if (lines.length > SAYING && new Set(lines).size * SAYING < lines.length) say({ flood: what.slice(0, 300), of: said })
}

// Load some specifiers in one process, one after the other; what one of them ends is loaded by a new one.
async function load(way, names, tally) {
  let rest = names
  for (let tries = 0; rest.length && tries <= MAX_RESTARTS; tries++) {
    if (left() < 300) break
    const seen = new Set()
    let at = '', started = Date.now()
    const hear = (message) => {
      if (message.at) {
        at = String(message.at)
        started = Date.now()
        return Math.min(LOAD_TIME, left())
      }
      if (Array.isArray(message.files)) message.files.forEach((file) => reached.add(String(file)))
      if (message.name && !seen.has(message.name)) {
        seen.add(message.name)
        const [status, reason] = loaded(message)
        tally(status)
        step(`${way} ${message.name}`, status, reason, started)
      }
      if (message.later) return Math.min(ONWARD, left())
      return message.done ? Math.min(LINGER, left()) : 0
    }
    const result = await run(['node', '-', way, ...rest], { timeout: Math.min(LOAD_TIME, left()), input: `${asking(options.name)}const words = ${JSON.stringify(options.word)}\n${LOADER}`, hear })
    flooded(`${way} ${at}`, result)
    if (at && !seen.has(at)) {
      seen.add(at)
      const [status, reason] = judge(result)
      // an exit in the middle of loading is the module's own doing
      const [said, why] = status === 'completed' || status === 'failed' ? ['failed', `exited: ${result.code}`] : [status, reason]
      tally(said)
      step(`${way} ${at}`, said, why, started)
    } else if (!at) {
      rest.forEach((name) => seen.add(name))
      step(`${way} ${rest[0]}`, 'crashed', result.output.slice(-200))
    }
    rest = rest.filter((name) => !seen.has(name))
  }
  for (const name of rest) {
    tally('missed')
    step(`${way} ${name}`, 'skipped', 'budget')
  }
}

async function importing() {
  const names = offered()
  const count = {}
  const tally = (status) => (count[status] = (count[status] ?? 0) + 1)
  const alone = Number(options.budget) <= SHORT ? ALONE_AGAIN : ALONE
  const jobs = names.slice(0, alone).flatMap((name) => [['require', [name]], ['import', [name]]])
  for (let start = alone; start < names.length; start += GROUP) {
    const group = names.slice(start, start + GROUP)
    jobs.push(['require', group], ['import', group])
  }
  await pool(jobs, ([way, group]) => load(way, group, tally))
  const good = count.missed ? 0 : await loadRest()
  if (!names.length && !good) {
    step(options.name, 'skipped', 'no-entry')
    finish('skipped', 'no-entry')
  }
  if (!names.length) finish('completed', 'no-entry')
  if (!count.completed && !count.missed && (await inPage(names)).size) finish('completed', IN_PAGE)
  sumUp(count, 'entries')
}

const IN_PAGE = 'in-a-page' // nothing could be loaded but there

// Load entries in a page, where code speaks of one; give those that could be.
async function inPage(names, shown = browsers(options.name, manifest(), names)) {
  return shown.flat().length ? visit(options.name, shown, { run, judge, step, say, left }) : new Set()
}

// Load the files that no entry has loaded; give how many could be.
async function loadRest() {
  const end = Math.min(Date.now() + FILES_TIME, END - 500)
  const files = remaining(options.name, manifest(), reached)
  const given = { run, pool, step, judge, loaded, left: () => end - Date.now(), linger: LINGER }
  return (await loadFiles(options.name, files, given)).good
}

// Do jobs two at a time.
async function pool(jobs, work) {
  const queue = jobs[Symbol.iterator]()
  const worker = async () => {
    for (const job of queue) await work(job)
  }
  await Promise.all([worker(), worker()])
}

function sumUp(count, what) {
  const total = Object.values(count).reduce((sum, n) => sum + n, 0)
  const good = count.completed ?? 0
  const bad = total - good - (count.skipped ?? 0)
  if (count.missed) finish(good ? 'completed' : 'timeout', `budget: ${count.missed} of ${total} ${what} not reached`)
  if (!good) finish('failed', `none-worked: ${total} ${what} tried`)
  finish('completed', bad ? `partly: ${bad} of ${total} ${what} did not work` : '')
}

// ---- commands

const SERVES = /modelcontextprotocol|['"]tools\/(?:list|call)['"]|\bfastmcp\b/i

// Say whether a command serves tools to agents, by what its package needs or its own text says.
function serves(file, { dependencies }) {
  if (Object.keys(dependencies ?? {}).some((one) => /modelcontextprotocol|(?:^|[-/])(?:fast)?mcp(?:$|[-/])/.test(one))) return true
  try {
    return SERVES.test(readFileSync(file, 'utf8').slice(0, MAX_LOOKED))
  } catch {
    return false
  }
}

async function scripts() {
  const known = manifest()
  const { bin, name } = known
  const bins = typeof bin === 'string' ? { [basename(String(name ?? options.name))]: bin } : (bin ?? {})
  const names = Object.keys(bins).slice(0, MAX_BINS)
  if (!names.length) finish('skipped', 'no-scripts')
  let missed = 0
  await pool(names, async (one) => {
    if (left() < 500) {
      missed += 1
      return step(`${one} --help`, 'skipped', 'budget')
    }
    const file = join('node_modules', '.bin', one)
    for (const word of options.word.length ? options.word : ['--help']) {
      const started = Date.now()
      const result = await run([file, word], { timeout: Math.min(COMMAND_TIME, left()) })
      step(`${one} ${word}`, ...judge(result), started)
    }
    if (left() < 1500 || !serves(file, known)) return
    const [began, seconds] = [Date.now(), Math.min(TOOLS_TIME, left() - 500) / 1000]
    const used = await run(['python3', '-I', join(HERE, 'tools.py'), '--budget', String(seconds), file], { timeout: left() })
    step(`${one} (tools)`, ...(used.code === 65 ? ['skipped', 'no-tools'] : judge(used)), began)
  })
  finish('completed', missed ? `budget: ${missed} of ${names.length} not reached` : '')
}

// ---- calls

// Have one entry's exports called in a process; a call that ends or blocks it is left out and the rest goes on.
async function call(name, tally) {
  const script = ['made.cjs', 'client.cjs', 'calls.cjs'].map((file) => readFileSync(join(HERE, file), 'utf8')).join('')
  let skip = 0, strange = false
  for (let tries = 0; tries <= MAX_RESTARTS && left() > 300; tries++) {
    let current = null, done = null
    const hear = (message) => {
      if (message.done) {
        done = message
        return Math.min(LINGER, left())
      }
      if (message.status && message.call) step(`${name} ${message.call}`, message.status, message.reason)
      current = message.status ? null : message
      strange = Boolean(message.strange)
      return Math.min(CALL_TIME, left())
    }
    const input = `${asking(options.name)}const LATER = ${LATER}, UNASKED = ${options.unasked}\n${script}`
    const result = await run(['node', '-', name, String(skip)], { timeout: Math.min(LOAD_TIME, left()), input, hear })
    if (done) return tally(done.status, done.reason)
    const [status, reason] = judge(result)
    const [said, why] = status === 'completed' ? ['failed', 'exited: 0'] : [status, reason]
    if (!current) return tally(said, why)
    step(`${name} ${current.call}`, said, why)
    skip = current.index + 1
  }
  // every call was made once: strange arguments are an extra, of which there may be too little time
  strange ? tally('completed', 'partly') : tally('missed', 'budget')
}

async function execute() {
  const names = offered()
  if (!names.length) finish('skipped', 'no-entry')
  const count = {}
  // A page is where people sit, and no build does: it is visited while the first calls are made.
  // Where nothing could be loaded elsewhere, it is visited on any machine.
  const shown = browsers(options.name, manifest(), names)
  let there = null
  await pool([...(process.env.CI ? [] : [null]), ...names], async (name) => {
    if (name === null) return (there = await inPage(names, shown))
    const started = Date.now()
    const tally = (status, reason = '') => {
      count[status] = (count[status] ?? 0) + 1
      step(name, status === 'missed' ? 'skipped' : status, reason, started)
    }
    if (left() < 500) return tally('missed', 'budget')
    await call(name, tally)
  })
  if (!count.completed && !count.missed && (there ?? await inPage(names, shown)).size) finish('completed', IN_PAGE)
  sumUp(count, 'entries')
}

process.on('uncaughtException', (err) => finish('failed', `driver: ${err?.message}`))
process.on('unhandledRejection', (err) => finish('failed', `driver: ${err?.message}`))
setTimeout(() => finish('timeout', 'budget'), left() + 4000).unref()
const phases = { install, import: importing, scripts, execute }
await (phases[positionals[0]] ?? (() => finish('failed', 'no-such-phase')))()
