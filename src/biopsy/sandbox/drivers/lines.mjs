// Which lines of a package's code were reached, as V8's precise coverage tells: used by npm.mjs.
//
// It is asked for in the processes that load and call, never in what the package starts itself: those are told
// nothing, and what is killed in the middle has told of what came before. A line counts as reached when V8 says that
// the smallest piece of code which holds all of it was.

import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

import { walk } from './entries.mjs'

const MAX_FILE = 4 * 1024 ** 2 // bytes of a file whose lines are counted
const MAX_BYTES = 64 * 1024 ** 2 // of all
const MAX_TEXT = 30_000 // characters in which the lines of one file are told
const MAX_TOLD = 250_000 // of all

// The text that such a process begins with: `linesReached()` tells what was reached since the start, by way of `tell`.
export const asking = (name) => `
const linesReached = ((folder) => {
  const { readFileSync, realpathSync } = process.getBuiltinModule('fs')
  const { fileURLToPath } = process.getBuiltinModule('url')
  const { Session } = process.getBuiltinModule('inspector')
  const clock = performance.now.bind(performance)
  try {
    folder = realpathSync(folder) + '/'
    const session = new Session()
    session.connect()
    session.post('Profiler.enable')
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    const one = ({ url, functions }, tell) => {
      const path = url.startsWith('file://') ? fileURLToPath(url) : url
      if (!path.startsWith(folder) || path.slice(folder.length).includes('node_modules/')) return
      if (!functions.some(({ ranges }) => ranges.some(({ count }) => count))) return // nothing since the last time
      const text = readFileSync(path, 'utf8')
      if (text.length > ${MAX_FILE}) return
      const starts = [0]
      for (let at = text.indexOf('\\n'); at >= 0; at = text.indexOf('\\n', at + 1)) starts.push(at + 1)
      starts.push(text.length + 1)
      const before = (offset) => { // how many lines begin before it
        let low = 0, high = starts.length - 1
        while (low < high) {
          const middle = (low + high) >> 1
          if (starts[middle] < offset) low = middle + 1
          else high = middle
        }
        return low
      }
      const seen = new Uint8Array(starts.length - 1)
      for (const { ranges } of functions) for (const { startOffset, endOffset, count } of ranges) {
        // lines of which all but the blanks before lies within
        let first = before(startOffset)
        if (first > 0 && !text.slice(starts[first - 1], startOffset).trim()) first -= 1
        let end = first
        while (end < seen.length && starts[end + 1] - 1 <= endOffset) end += 1
        seen.fill(count ? 1 : 0, first, end)
      }
      const told = []
      for (let line = 0; line < seen.length; line++) {
        if (!seen[line]) continue
        const first = line
        while (seen[line + 1]) line += 1
        told.push(first === line ? String(line + 1) : (first + 1) + '-' + (line + 1))
      }
      tell({ lines: path.slice(folder.length), seen: told.slice(0, 50000).join(' ') })
    }
    let next = 0 // what it costs stays small beside the rest
    return (tell, now = true) => {
      const began = clock()
      if (!now && began < next) return
      try {
        session.post('Profiler.takePreciseCoverage', (_, found) => {
          for (const script of found?.result ?? []) try { one(script, tell) } catch {}
        })
      } catch {}
      next = clock() + 20 * (clock() - began)
    }
  } catch {
    return () => {}
  }
})(${JSON.stringify(join('node_modules', name))})
`

// What all processes of a phase told, put together.
export class Lines {
  #name
  #found = new Map() // of each file the lines that were reached

  constructor(name) {
    this.#name = name
  }

  // Take a message, if it is one about lines; one that is odd is not.
  hear({ lines, seen }) {
    if (typeof lines !== 'string' || typeof seen !== 'string') return
    const reached = this.#found.get(lines) ?? new Set()
    if (!this.#found.has(lines) && this.#found.size > 5000) return
    this.#found.set(lines, reached)
    for (const span of seen.split(' ').slice(0, 100_000)) {
      const [first, last = first] = span.split('-').map(Number)
      for (let line = first; line <= last && reached.size < 500_000; line++) reached.add(line)
    }
  }

  // Give for each file that anything was told of how many lines of code it has and which of them were reached, and,
  // under the path '', how many all files have.
  *tell() {
    if (!this.#found.size) return
    const folder = realpathSync(join('node_modules', this.#name))
    let all = 0, room = MAX_BYTES, said = 0
    for (const path of walk(folder)) {
      if (!/\.[cm]?js$/.test(path)) continue
      let text = ''
      try {
        text = readFileSync(join(folder, path), 'utf8')
      } catch {
        continue
      }
      room -= text.length
      if (room < 0) break
      if (text.length > MAX_FILE) continue
      const code = ofCode(text)
      all += code.length
      const reached = this.#found.get(path)
      if (!reached || said > MAX_TOLD) continue
      const seen = spans(code.filter((line) => reached.has(line)))
      said += seen.length + path.length + 40
      yield { lines: path, of: code.length, seen }
    }
    yield { lines: '', of: all, seen: '' }
  }
}

// The numbers of the lines that hold more than blanks, comments and closing brackets.
function ofCode(text) {
  const found = []
  let inside = false
  for (const [at, raw] of text.split('\n').entries()) {
    let line = raw.trim()
    if (inside) {
      const end = line.indexOf('*/')
      if (end < 0) continue
      inside = false
      line = line.slice(end + 2).trim()
    }
    if (line.startsWith('/*')) {
      const end = line.indexOf('*/', 2)
      inside = end < 0
      line = inside ? '' : line.slice(end + 2).trim()
    }
    if (/[^\s{}()[\];,]/.test(line) && !line.startsWith('//') && !line.startsWith('#!')) found.push(at + 1)
  }
  return found
}

function spans(numbers) {
  const told = []
  for (let at = 0; at < numbers.length; at++) {
    const first = numbers[at]
    while (numbers[at + 1] === numbers[at] + 1) at += 1
    told.push(first === numbers[at] ? String(first) : `${first}-${numbers[at]}`)
  }
  const text = told.join(' ')
  return text.length > MAX_TEXT ? text.slice(0, text.lastIndexOf(' ', MAX_TEXT)) : text
}
