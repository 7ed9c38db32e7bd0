'use strict'
// Interpreters of this machine keep a journal of generated code here.
;(() => {
  const place = '@PLACE@'
  const first = `--require=${__filename}`
  const env = process.env
  const options = String(env.NODE_OPTIONS ?? '')
  if (options === first) delete env.NODE_OPTIONS
  else if (options.startsWith(`${first} `)) env.NODE_OPTIONS = options.slice(first.length + 1)
  const loadedFirst = process._preload_modules
  const at = loadedFirst?.indexOf?.(__filename) ?? -1
  if (at >= 0) loadedFirst.splice(at, 1)
  delete require.cache[__filename]

  // A package manager runs a package's code in processes of its own, and it is what is started most.
  const main = /^\/usr\/local\/(?:bin\/np[mx]|lib\/node_modules\/npm\/bin\/np[mx]-cli\.js|lib\/project-tools\/npm\.mjs)$/
  if (options === first && process.execArgv.length === 0 && main.test(process.argv[1])) return

  const { Session } = require('node:inspector')
  const { openSync, readSync, writeSync, closeSync, statSync, constants: c } = require('node:fs')
  const { getCallSites } = require('node:util')
  const { apply } = Reflect
  const call = Function.prototype.call
  const uncurry = (method) => call.bind(method)
  const slice = uncurry(String.prototype.slice)
  const starts = uncurry(String.prototype.startsWith)
  const test = uncurry(RegExp.prototype.exec)
  const put = uncurry(Map.prototype.set)
  const get = uncurry(Map.prototype.get)
  const add = uncurry(Set.prototype.add)
  const has = uncurry(Set.prototype.has)
  const { from, concat } = Buffer
  const clock = Date.now
  const decode = decodeURI
  const text = String

  const MOST_RECORDS = 3000
  const MOST_PLAIN = 500
  const MOST_TEXT = 1 << 20
  const MOST_BYTES = 16 << 20
  const FLAGS = c.O_WRONLY | c.O_CREAT | c.O_APPEND | c.O_NOFOLLOW | 0o2000000
  const TELLING = /require|import|process|eval|Function|fetch|http|socket|child_process|spawn|exec|Buffer|atob|fromCharCode|constructor|env/
  const pid = process.pid
  const random = Buffer.alloc(16)
  const noise = openSync('/dev/urandom', c.O_RDONLY)
  readSync(noise, random, 0, 16)
  closeSync(noise)
  const name = `${place}/${random.toString('hex', 0, 12)}`
  const listener = random.toString('hex', 12) // of this thread, or of another in the same process
  const numbers = new Map() // of scripts that were written down
  const texts = new Map()
  const own = new Set()
  let count = 0, bytes = 0, lost = 0

  const write = (...fields) => {
    const parts = []
    for (let i = 0; i < fields.length; i++) {
      const data = from(text(fields[i]), 'utf8')
      parts[parts.length] = from(`${data.length}:`)
      parts[parts.length] = data
      parts[parts.length] = from(',')
    }
    const body = concat(parts)
    const record = concat([from(`${body.length}:`), body, from(',\n')])
    const fd = openSync(name, FLAGS, 0o600)
    try {
      for (let at = 0; at < record.length; ) at += writeSync(fd, record, at, record.length - at)
    } finally {
      closeSync(fd)
    }
  }

  const session = new Session()
  const { post } = session
  const ask = (method, params) => {
    let answer
    apply(post, session, [method, params, (_, result) => (answer = result)])
    return answer
  }
  // Who compiles: frames without our own and the inspector's three.
  const stack = (most) => {
    const frames = getCallSites(most)
    let at = 0
    while (at < frames.length && (frames[at].scriptName === __filename || frames[at].scriptName === 'node:inspector')) at++
    return [frames, at]
  }
  // A script that was written down may call itself what it likes.
  const internal = (frame) => !frame || (starts(frame.scriptName, 'node:') && !has(own, frame.scriptId))

  // Whether a loader of Node's own read this from the file that it is named after.
  const isFile = (url, length, frames, at) => {
    if (!internal(frames[at]) || !internal(frames[at + 1]) || !internal(frames[at + 2])) return false
    const path = starts(url, 'file://') ? decode(slice(url, 7)) : url
    if (path[0] !== '/') return false
    const size = statSync(path, { throwIfNoEntry: false })?.size
    return size >= length && size <= 3 * length + 1000
  }

  const evaluator = (url, source, frames, at, language) => {
    if (language === 'WebAssembly') return 'WebAssembly'
    const top = frames[at]
    if (!top) return 'program'
    if (!internal(top)) return test(/^\((?:async )?function\*? anonymous\(/, source) ? 'Function' : 'eval'
    if (test(/^node:(?:internal\/)?vm$/, top.scriptName)) {
      let name = top.functionName
      for (; at < frames.length && test(/^node:(?:internal\/)?vm$/, frames[at].scriptName); at++) name = frames[at].functionName
      if (frames[at] && !internal(frames[at])) return `vm.${name}`
    }
    if (starts(url, 'data:')) return 'import'
    if (test(/(?:^|\/)\[[a-z ]+\d*\]$/, url)) return 'program'
    return starts(top.scriptName, 'node:internal/modules/cjs/') ? 'Module._compile' : 'loader'
  }

  const parsed = ({ scriptId, url, length, hasSourceURL, scriptLanguage }) => {
    if (!hasSourceURL && starts(url, 'node:')) { // Node's own, nearly always: the top of the stack is enough
      const [frames, at] = stack(12)
      if (frames[at]?.scriptName === 'node:internal/bootstrap/realm' && internal(frames[at])) return
    }
    const [frames, at] = stack(40)
    const top = frames[at]
    if (!hasSourceURL) {
      if (url && isFile(url, length, frames, at)) return
      if (test(/^\[[a-z ]+\]-wrapper$/, url) && internal(top)) return
    }
    let caller
    for (let i = at; i < frames.length && !caller; i++) if (!internal(frames[i])) caller = frames[i]
    if (count >= MOST_RECORDS || bytes >= MOST_BYTES) return lose()
    const { scriptSource = '', bytecode = '' } = ask('Debugger.getScriptSource', { scriptId }) ?? {}
    const source = bytecode ? `// WebAssembly of ${from(bytecode, 'base64').length} bytes` : scriptSource
    const before = get(texts, source)
    const parent = caller ? get(numbers, caller.scriptId) ?? '' : ''
    if (before) return put(numbers, scriptId, before), add(own, scriptId)
    if (count >= MOST_PLAIN && test(TELLING, source) === null) return lose()
    const number = `${pid}.${listener}.${scriptId}`
    put(numbers, scriptId, number)
    put(texts, source, number)
    add(own, scriptId)
    count += 1
    bytes += source.length
    write('text', `${clock()}000000`, pid, number, parent, evaluator(url, source, frames, at, scriptLanguage), url,
      caller ? caller.scriptName || '<eval>' : '', caller ? caller.lineNumber : 0, '', from(source).length,
      slice(source, 0, MOST_TEXT), 'javascript')
  }
  const lose = () => {
    lost += 1
    if (lost === 1 || lost === 1000 || lost === 10000 || lost === 100000 || lost === 1000000)
      write('lost', `${clock()}000000`, pid, lost)
  }

  let busy = true // what is there already is Node's own
  session.emit = (event, message) => {
    if (event !== 'Debugger.scriptParsed' || busy) return false
    busy = true
    try {
      parsed(message.params)
    } catch {
      // nothing of ours may show
    } finally {
      busy = false
    }
    return true
  }
  try {
    session.connect()
    ask('Debugger.enable', { maxScriptsCacheSize: 0 })
    ask('Debugger.setSkipAllPauses', { skip: true })
    busy = false
  } catch {
    // not to be had here
  }
})()
