// The code of a package that nothing which it offers has loaded, and that a deep `require` would reach: used by npm.mjs.
//
// It is tried after the entries, file by file, many in one process; nobody's ordinary import comes here, so what
// there is no time for is a note. Left out is what the phases before or after run (lifecycle scripts, commands), and
// what the package's own authors run: that does things to the folder that it stands in, or publishes.

import { closeSync, existsSync, openSync, readSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { exported, walk } from './entries.mjs'
import { asking } from './lines.mjs'

export const FILE_TIME = 3000 // ms that one file may take
export const TOGETHER = 100 // files that share a process
const MAX_NAMED = 300 // files whose outcome is told one by one

const LIFECYCLE = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare']
export const AUTHORS =
  /(?:^|\/)(?:scripts|tasks|tools|\.[^/]+)\/|(?:^|\/)(?:gulpfile|gruntfile|jakefile|makefile|release|publish)[^/]*$|\.(?:config|conf)\.[cm]?js$|\/?\.[^/]*rc\.[cm]?js$/i
export const TESTS = /(?:^|\/)(?:tests?|__tests__|__mocks__|specs?|e2e|fixtures?|bench(?:marks?)?|perf|examples?|demos?|docs?|website|coverage)\/|[._-](?:test|spec|bench)\.[cm]?js$|(?:^|\/)(?:test|bench(?:mark)?|example)\.[cm]?js$/i
const BUNDLES = /(?:^|\/)(?:dist|umd|iife|browser|bundles?)\/|[.-]min\.[cm]?js$/i
const TELLING = /child_process|\b(?:https?|net|dgram|dns|fs|os|vm|tls)['"]|\b(?:eval|Function|fetch|atob|XMLHttpRequest|WebSocket)\b|process\b|fromCharCode|\\x[0-9a-f]{2}|_0x/
const START = Buffer.alloc(64 * 1024) // of a file, which says whether it could do something: such come first

// Give the files that are left, as absolute paths and in the order in which they are tried.
export function remaining(name, manifest, loaded) {
  const folder = resolve(join('node_modules', name))
  const { bin, scripts } = manifest
  const bins = typeof bin === 'string' ? [bin] : Object.values(bin ?? {}).map(String)
  const run = LIFECYCLE.map((event) => String(scripts?.[event] ?? '')).join(' ; ')
  const known = new Set([...loaded].map(real))
  const elsewhere = (file) => {
    const stem = file.replace(/\.[cm]?js$/, '').replace(/\/index$/, '')
    return bins.some((one) => one.replace(/^\.\//, '').replace(/\.[cm]?js$/, '') === stem) || run.split(/[\s"';&|]+/).some((word) => word.replace(/^\.\//, '').replace(/\.[cm]?js$/, '') === stem)
  }
  const rank = (file) => {
    const text = beginning(join(folder, file))
    const late = TESTS.test(file) ? 3 : BUNDLES.test(file) ? 2 : text.startsWith('#!') ? 1 : 0
    return [late, TELLING.test(text) ? 0 : 1, file.split('/').length]
  }
  const files = walk(folder)
  const named = new Set(exported(files, manifest))
  return files
    .filter((file) => !named.has(file) && /\.[cm]?js$/.test(file) && !AUTHORS.test(file) && !elsewhere(file))
    .map((file) => ({ file, path: join(folder, file), rank: rank(file) }))
    .filter(({ path }) => !known.has(real(path)))
    .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || a.rank[2] - b.rank[2] || (a.file < b.file ? -1 : 1))
}

function real(path) {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

// Read the beginning of a file.
function beginning(path) {
  try {
    const file = openSync(path)
    try {
      return START.toString('latin1', 0, readSync(file, START, 0, START.length, 0))
    } finally {
      closeSync(file)
    }
  } catch {
    return ''
  }
}

// ms that what was loaded may wait, by its own clock, where that jumps while all of it waits; else 0
export const LATER = existsSync('/usr/lib/ld.so.use') ? 263_017_000 : 0

// What a process runs that loads files; they stand in the text, for there may be more than an argument holds.
export const sharing = (name, paths) => `
${asking(name)}const paths = ${JSON.stringify(paths)}
const { writeSync } = process.getBuiltinModule('fs')
const { pathToFileURL } = process.getBuiltinModule('url')
const tell = (message) => { try { writeSync(3, JSON.stringify(message) + '\\n') } catch {} }
const later = setTimeout
const busy = () => process.getActiveResourcesInfo().length
process.on('uncaughtException', () => {}).on('unhandledRejection', () => {})
;(async () => {
  for (const [at, path] of paths.entries()) {
    tell({ at })
    let code = '', text = ''
    const before = busy()
    try {
      try {
        if (path.endsWith('.mjs')) await import(pathToFileURL(path))
        else require(path)
      } catch (err) {
        if (!/^ERR_REQUIRE_(?:ESM|ASYNC_MODULE)$/.test(err?.code)) throw err
        await import(pathToFileURL(path))
      }
    } catch (err) {
      try {
        code = String(err?.code ?? '') || 'raised'
        text = String(err?.name ?? typeof err) + ': ' + String(err?.message ?? err).split('\\n')[0]
      } catch {}
    }
    // what it has begun gets a moment, since the next file may end this process
    for (let round = 0; round < 20 && (round === 0 || busy() > before); round++) await new Promise((go) => later(go, round ? 20 : 0))
    tell({ of: at, code, text })
    linesReached(tell, false)
  }
  linesReached(tell)
  tell({ done: true })
  later(() => {}, ${LATER})
})()
`

// Load all of them, as far as there is time; `run`, `pool`, `step` and `judge` are npm.mjs's.
export async function loadFiles(name, files, { run, pool, step, judge, left, loaded, linger }) {
  const count = { good: 0, missed: 0 }
  let named = 0
  const tell = (file, status, reason, started) => {
    if (status === 'completed') count.good += 1
    if (named++ < MAX_NAMED) step(`require ./${file}`, status, reason, started)
  }
  const groups = []
  for (let start = 0; start < files.length; start += TOGETHER) groups.push(files.slice(start, start + TOGETHER))
  await pool(groups, async (group) => {
    let rest = group
    while (rest.length && left() > 0) {
      let at = -1, next = 0, started = Date.now()
      const hear = (message) => {
        if (Number.isInteger(message.at) && rest[message.at]) {
          at = message.at
          started = Date.now()
          return Math.min(FILE_TIME, Math.max(1, left()))
        }
        if (message.of === at && at >= next) {
          next = at + 1
          tell(rest[at].file, ...loaded({ ...message, ok: !message.code }), started)
        }
        return message.done ? Math.max(1, Math.min(linger, left())) : 0
      }
      const input = sharing(name, rest.map(({ path }) => path))
      const result = await run(['node', '-'], { timeout: Math.min(3 * FILE_TIME, left()), input, hear })
      if (at >= next && left() > 0) {
        const [status, reason] = judge(result)
        const exited = status === 'completed' || status === 'failed'
        tell(rest[at].file, ...(exited ? ['failed', `exited: ${result.code}`] : [status, reason]), started)
        next = at + 1
      }
      if (!next) break // it does not even start
      rest = rest.slice(next)
    }
    count.missed += rest.length
  })
  if (named > MAX_NAMED) step('…', 'skipped', `limit: ${named - MAX_NAMED} more outcomes of files`)
  if (count.missed) step('…', 'skipped', `budget: ${count.missed} of ${files.length} files that nothing loads by itself`)
  return count
}
