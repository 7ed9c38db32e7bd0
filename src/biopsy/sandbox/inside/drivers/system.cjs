'use strict'
// What this machine's interpreter says it is, where it has a word on that.
;(() => {
  const fs = require('node:fs')
  const ours = /^\/usr\/local\/(?:bin\/np[mx]|lib\/node_modules\/npm\/|lib\/project-tools\/)/
  let told
  try {
    told = fs.readFileSync('@GUISE@/system', 'utf8')
  } catch {
    return
  }
  if (ours.test(process.argv[1] ?? '')) return
  const is = Object.fromEntries(told.split('\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
  const os = require('node:os')
  const windows = is.platform === 'win32'
  const say = (object, key, value) => {
    const { enumerable = true } = Object.getOwnPropertyDescriptor(object, key) ?? {}
    Object.defineProperty(object, key, { value, enumerable, configurable: true, writable: typeof value === 'function' })
  }
  const answers = (name, value) => {
    const fn = { [name]: () => value }[name]
    fn[Symbol.toPrimitive] = () => value
    say(os, name, fn)
  }
  say(process, 'platform', is.platform)
  say(process, 'arch', is.arch)
  for (const [name, value] of [['platform', is.platform], ['arch', is.arch], ['type', is.type], ['machine', is.machine]]) answers(name, value)
  if (!windows) {
    os.syncBuiltinESMExports?.()
    require('node:module').syncBuiltinESMExports()
    return
  }

  // Paths: what has a drive or a backslash is Windows', all else stays, for Node's own loader goes by it.
  const path = require('node:path')
  const { win32 } = path
  const { homedir, userInfo, tmpdir } = os
  const drive = /^[A-Za-z]:(?:[\\/]|$)/
  const native = (place) => (/^\/[a-z](?:\/|$)/.test(place) ? `${place[1].toUpperCase()}:${place.slice(2).replaceAll('/', '\\') || '\\'}` : place)
  for (const name of ['join', 'resolve', 'normalize', 'dirname', 'basename', 'extname', 'isAbsolute', 'relative', 'parse']) {
    const [here, there] = [path[name], win32[name]]
    path[name] = { [name]: (...parts) => (parts.some((one) => typeof one === 'string' && drive.test(one)) ? there(...parts) : here(...parts)) }[name]
  }
  say(os, 'homedir', { homedir: () => process.env.USERPROFILE ?? native(homedir()) }.homedir)
  say(os, 'tmpdir', { tmpdir: () => process.env.TEMP ?? native(tmpdir()) }.tmpdir)
  say(os, 'userInfo', { userInfo: (...given) => ({ ...userInfo(...given), uid: -1, gid: -1, shell: null, homedir: os.homedir() }) }.userInfo)
  say(os, 'EOL', '\r\n')
  for (const name of ['getuid', 'geteuid', 'getgid', 'getegid', 'getgroups', 'setuid', 'setgid']) delete process[name]

  // Names of variables have no case.
  const own = process.env
  const spelling = (key) => (typeof key === 'string' && !Reflect.has(own, key) ? Object.keys(own).find((one) => one.toUpperCase() === key.toUpperCase()) ?? key : key)
  const env = new Proxy(own, {
    get: (target, key) => Reflect.get(target, spelling(key)),
    has: (target, key) => Reflect.has(target, spelling(key)),
    set: (target, key, value) => Reflect.set(target, spelling(key), value),
    deleteProperty: (target, key) => Reflect.deleteProperty(target, spelling(key)),
  })
  Object.defineProperty(process, 'env', { value: env, enumerable: true, configurable: true, writable: true })
  require('node:module').syncBuiltinESMExports()
})()
