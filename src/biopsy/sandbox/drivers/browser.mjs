// Code of a package that would run in a browser, and a page with somebody in front of it: used by npm.mjs.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { walk } from './entries.mjs'
import { AUTHORS, TESTS } from './files.mjs'
import { asking } from './lines.mjs'

export const LIBRARY = '/usr/local/lib/node_modules/happy-dom/package.json' // where sandbox/image_tools.py puts the page
export const PAGE_TIME = 12_000 // ms that all of a visit may take
const HERE = dirname(fileURLToPath(import.meta.url))
const MAX_NAMES = 3 // entries that are loaded
const MAX_FILES = 5 // further files that are
const MAX_LOOKED = 300 // files that are looked into
const MAX_BYTES = 512 * 1024 // of each
const NAMED = ['browser', 'unpkg', 'jsdelivr', 'module', 'jsnext:main']
const BROWSER =
  /\b(?:window|document|XMLHttpRequest|localStorage|sessionStorage|sendBeacon|ethereum|solana|tronWeb|MutationObserver|addEventListener)\b|\bnavigator\.clipboard\b|_0x[0-9a-f]{3,}|\batob\b|fromCharCode/

// Give [specifiers, files] to load in a page; none where nothing in the package speaks of one.
export function browsers(name, manifest, names) {
  const folder = resolve(join('node_modules', name))
  const speaks = (file) => {
    try {
      return statSync(join(folder, file)).size <= 8 * MAX_BYTES && BROWSER.test(readFileSync(join(folder, file), 'utf8').slice(0, MAX_BYTES))
    } catch {
      return false
    }
  }
  const files = walk(folder).filter((file) => /\.[cm]?js$/.test(file) && !AUTHORS.test(file) && !TESTS.test(file))
  const near = files.sort((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1)).slice(0, MAX_LOOKED)
  const found = near.filter(speaks)
  if (!found.length) return [[], []]
  const named = NAMED.map((key) => manifest[key]).filter((one) => typeof one === 'string').map((one) => one.replace(/^\.\//, ''))
  const first = [...new Set([...named.filter((one) => existsSync(join(folder, one))), ...found])].slice(0, MAX_FILES)
  return [names.slice(0, MAX_NAMES), first.map((file) => join(folder, file))]
}

// Visit a page that holds them; give the specifiers that could be loaded there. `run`, `judge`, `step` and `say` are npm.mjs's.
export async function visit(name, [names, files], { run, judge, step, say, left }) {
  const loaded = new Set()
  const lack = !existsSync(LIBRARY) ? 'no-page' : left() < 1000 ? 'budget' : ''
  if (lack) {
    step('page', 'skipped', lack)
    return loaded
  }
  const started = Date.now()
  const script = readFileSync(join(HERE, 'page.cjs'), 'utf8')
  const given = `const NAMES = ${JSON.stringify(names)}, FILES = ${JSON.stringify(files)}, LIBRARY = ${JSON.stringify(LIBRARY)}\n`
  let done = null
  const hear = (message) => {
    if (message.done) done = message
    if (message.ok && names.includes(message.name)) loaded.add(message.name)
    if (message.swap) say({ swap: String(message.swap).slice(0, 40), was: String(message.from).slice(0, 100), now: String(message.to).slice(0, 100) })
    if (message.name) step(`page ${String(message.name).replace(`${resolve('node_modules', name)}/`, './')}`, message.ok ? 'completed' : 'failed', message.ok ? '' : `raised: ${message.text}`)
    return 0
  }
  const result = await run(['node', '--conditions=browser', '-'], { timeout: Math.min(PAGE_TIME, left()), input: `${asking(name)}${given}${script}`, hear })
  const [status, reason] = judge(result)
  step('page', done && !done.failed ? 'completed' : status === 'completed' ? 'failed' : status, done?.failed ?? reason, started)
  return loaded
}
