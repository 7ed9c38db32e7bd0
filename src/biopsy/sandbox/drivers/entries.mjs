// What a package offers to `require` and `import`: used by npm.mjs.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const MAX_FILES = 5000

// Give the specifiers that `require` and `import` can be asked for: the package, and each sub-path it exports.
export function entries(name, found) {
  const folder = join('node_modules', name)
  const { exports } = found
  if (exports === undefined || exports === null) {
    const main = typeof found.main === 'string' && found.main
    const index = ['index.js', 'index.cjs', 'index.mjs', 'index.json', 'index.node'].some((f) => existsSync(join(folder, f)))
    return main || index ? [name] : []
  }
  const keyed = typeof exports === 'object' && !Array.isArray(exports) && Object.keys(exports).some((k) => k.startsWith('.'))
  const map = keyed ? exports : { '.': exports }
  const paths = []
  let files = null
  for (const [key, value] of Object.entries(map)) {
    const targets = codeTargets(value)
    if (!targets.length || !key.startsWith('.')) continue
    if (!key.includes('*')) {
      paths.push(key)
      continue
    }
    files ??= walk(folder)
    for (const target of targets) {
      const [before, after] = target.replace(/^\.\//, '').split('*')
      if (after === undefined) continue
      for (const file of files) {
        const matches = file.startsWith(before) && file.endsWith(after) && file.length > before.length + after.length
        if (matches && isCode(file)) paths.push(key.replace('*', file.slice(before.length, file.length - after.length)))
      }
    }
  }
  return [...new Set(paths)].map((path) => name + path.slice(1))
}

// Say which of a package's files its exports name.
export function exported(files, { exports }) {
  const targets = codeTargets(exports).map((target) => target.replace(/^\.\//, '').split('*'))
  return files.filter((file) => targets.some(([before, after]) => (after === undefined ? file === before : file.startsWith(before) && file.endsWith(after))))
}

const isCode = (path) => /(?:\.(?:[cm]?js|node)|\/[^./]+|\*)$/.test(path)

function codeTargets(value, depth = 0) {
  if (typeof value === 'string') return isCode(value) ? [value] : []
  if (!value || typeof value !== 'object' || depth > 8) return []
  return Object.entries(value).filter(([key]) => !/^types/.test(key)).flatMap(([, inner]) => codeTargets(inner, depth + 1))
}

// List the files of a folder, but for other packages in it.
export function walk(folder, inside = '', found = []) {
  let names = []
  try {
    names = readdirSync(join(folder, inside), { withFileTypes: true })
  } catch {
    return found
  }
  for (const entry of names) {
    if (found.length >= MAX_FILES) break
    const path = inside ? `${inside}/${entry.name}` : entry.name
    if (entry.isDirectory() && entry.name !== 'node_modules') walk(folder, path, found)
    else if (entry.isFile()) found.push(path)
  }
  return found
}
