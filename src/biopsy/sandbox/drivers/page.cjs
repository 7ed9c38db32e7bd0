// A page with somebody in front of it: load code there, do what a visitor does, and see whose accounts and secrets it
// touched. Read by node from its standard input, after what names NAMES and FILES: `node --conditions=browser -`.
//
// Some code does nothing unless there is a window (chalk and debug of September 2025, every skimmer of shops). The page
// is happy-dom's. On it stand accounts to be paid, a form to pay with, and a wallet that tells what it is asked for. What the
// visitor types and keeps is known outside (observe_calls.py): to HOST it is his own doing, to anybody else it was copied.
//
// Writes JSON lines to descriptor 3: {at}, {name, ok, text} for each load, {swap, from, to} where an account became another.

const fs = process.getBuiltinModule('fs')
const os = process.getBuiltinModule('os')
const path = process.getBuiltinModule('path')
const { createRequire } = process.getBuiltinModule('module')
const { randomBytes } = process.getBuiltinModule('crypto')
const { pathToFileURL } = process.getBuiltinModule('url')

const HOST = 'files.partner-intake.example' // observe_calls.py says the same
const SITE = `https://${HOST}`
const SETTLE = 120 // ms that the page has after each thing that the visitor does
const LATEST = 700 // ms after the last one
const LOAD_TIME = 2500 // ms that one load may take
const STARTS = /^(?:init(?:iali[sz]e)?|start|setup|install|boot(?:strap)?|run|mount|attach|watch|observe|track|enable|protect|default)$/i
const MAX_SWAPS = 20
const MAX_FETCHED = 50
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

const later = setTimeout
const pause = (ms) => new Promise((done) => later(done, ms))
const tell = (message) => {
  try {
    fs.writeSync(3, JSON.stringify(message) + '\n')
  } catch {
    // nobody listens
  }
}
const safely = async (what) => {
  try {
    return await what()
  } catch {
    return undefined // a visitor goes on
  }
}

// ---- whose accounts

const draw = (alphabet, count) => [...randomBytes(count)].map((byte) => alphabet[byte % alphabet.length]).join('')
const HEX = '0123456789abcdef'
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const ACCOUNTS = {
  ETH: `0x${draw(HEX, 40)}`,
  BTC: `1${draw(BASE58, 33)}`,
  BTC2: `bc1q${draw('023456789acdefghjklmnpqrstuvwxyz', 38)}`,
  LTC: `L${draw(BASE58, 33)}`,
  TRX: `T${draw(BASE58, 33)}`,
  SOL: draw(BASE58, 44),
  OWN: `0x${draw(HEX, 40)}`, // the visitor's own, who pays the others
}
const ACCOUNT = /0x[0-9a-fA-F]{40}\b|\b(?:bc1|ltc1|cosmos1)[0-9a-z]{24,62}\b|\b[13LMDTXr][1-9A-HJ-NP-Za-km-z]{25,34}\b|\b[1-9A-HJ-NP-Za-km-z]{43,44}\b/g
let swaps = 0

// Tell of a place that held one account and holds another one now; one that is only cut short or spelt otherwise is no other.
function held(where, before, now) {
  if (typeof now !== 'string' || now.toLowerCase().includes(before.toLowerCase())) return
  const other = now.slice(0, 100_000).match(ACCOUNT)?.find((one) => !Object.values(ACCOUNTS).some((ours) => ours.toLowerCase() === one.toLowerCase()))
  if (other && swaps++ < MAX_SWAPS) tell({ swap: where, from: before, to: other })
}

// ---- whose secrets

const read = (...names) => {
  try {
    return fs.readFileSync(path.join(os.homedir(), ...names), 'utf8').trim()
  } catch {
    return ''
  }
}
const [token, card] = (() => {
  try {
    const { token, card } = JSON.parse(read('.config/partner-intake/page.json'))
    return [token, card]
  } catch {
    return ['sample-words', '4000000000000000']
  }
})()

// ---- the page

const MARKUP = `<!doctype html><html lang="en"><head><title>Checkout</title></head><body>
<h1>Checkout</h1><p id="due">Send <b>0.5</b> to <code id="pay">${ACCOUNTS.ETH}</code> or <span class="address">${ACCOUNTS.BTC}</span></p>
<ul>${['BTC2', 'LTC', 'TRX', 'SOL'].map((one) => `<li class="wallet-address" data-coin="${one}">${ACCOUNTS[one]}</li>`).join('')}</ul>
<a id="link" href="bitcoin:${ACCOUNTS.BTC}?amount=0.1">pay</a>
<button id="copy" type="button" class="copy" data-clipboard-text="${ACCOUNTS.ETH}">Copy address</button>
<form id="checkout" class="checkout payment" action="${SITE}/checkout/pay" method="post">
<input type="text" name="name" id="name" autocomplete="cc-name"><input type="email" name="email" id="email" autocomplete="email">
<input type="text" name="cardnumber" id="cardnumber" class="card-number" autocomplete="cc-number"><input type="text" name="expiry" id="expiry" autocomplete="cc-exp">
<input type="text" name="cvv" id="cvv" class="cvc" autocomplete="cc-csc"><input type="text" name="recipient" id="recipient" placeholder="0x…">
<button type="submit" id="submit">Pay</button></form>
<form id="login" action="${SITE}/login" method="post"><input type="text" name="username" id="username" autocomplete="username">
<input type="password" name="password" id="password" autocomplete="current-password"><textarea name="mnemonic" id="mnemonic"></textarea>
<button type="submit" id="signin">Sign in</button></form></body></html>`

const TYPED = [
  ['name', 'Ada Sample'], ['email', `ada@${HOST}`], ['cardnumber', card], ['expiry', '12/31'], ['cvv', '123'],
  ['recipient', ACCOUNTS.ETH], ['username', 'ada'], ['password', token], ['mnemonic', token],
]

// What makes the page's own requests, before anybody may have replaced it: it tells what it was really asked to send.
function underneath(window) {
  const sent = (body, where) => {
    if (typeof body === 'string' && body.includes('"withdraw"')) held(where, ACCOUNTS.ETH, body)
  }
  const ask = window.fetch
  window.fetch = function fetch(url, init) {
    sent(init?.body, 'request')
    const text = String(url?.url ?? url)
    if (text.startsWith(`${SITE}/deposit`)) return Promise.resolve(new window.Response(JSON.stringify({ address: ACCOUNTS.ETH, btc: ACCOUNTS.BTC }), { status: 200, headers: { 'content-type': 'application/json' } }))
    return ask.call(this, url, init)
  }
  const { send } = window.XMLHttpRequest.prototype
  window.XMLHttpRequest.prototype.send = function (body) {
    sent(body, 'request')
    return send.call(this, body)
  }
  // Pictures, scripts, frames and beacons are asked for by a browser. This one draws nothing and runs nobody's scripts, for
  // what loads the script of a map or of a till does no wrong: they are asked for here.
  const known = new Set()
  const fetched = (url) => {
    if (!/^https?:/.test(url) || known.has(url) || known.size >= MAX_FETCHED) return
    known.add(url)
    safely(() => ask.call(window, url, { mode: 'no-cors' }))
  }
  for (const name of ['HTMLImageElement', 'HTMLIFrameElement', 'HTMLScriptElement', 'HTMLMediaElement', 'HTMLEmbedElement']) {
    const proto = window[name]?.prototype
    const src = proto && Object.getOwnPropertyDescriptor(proto, 'src')
    if (src?.set) Object.defineProperty(proto, 'src', { ...src, set(url) { src.set.call(this, url); fetched(String(this.src)) } })
  }
  const { setAttribute } = window.Element.prototype
  window.Element.prototype.setAttribute = function (name, text) {
    setAttribute.call(this, name, text)
    if (/^src$/i.test(name) && /^(?:IMG|IFRAME|SCRIPT|VIDEO|AUDIO|EMBED)$/.test(this.tagName)) fetched(String(this.src))
  }
  const beacon = (url, body) => {
    safely(() => ask.call(window, String(url), { method: 'POST', body, mode: 'no-cors' }))
    return true
  }
  Object.defineProperty(window.navigator, 'sendBeacon', { value: beacon, configurable: true, writable: true })
  // So is where it is sent on to, which it does not go.
  const place = window.location
  const go = (url) => safely(() => fetched(new window.URL(String(url), place.href).href))
  const href = Object.getOwnPropertyDescriptor(window.Location.prototype, 'href')
  if (href?.set) Object.defineProperty(window.Location.prototype, 'href', { ...href, set: go })
  for (const way of ['assign', 'replace']) window.Location.prototype[way] = go
  Object.defineProperty(window, 'location', { get: () => place, set: go, configurable: true })
  window.open = (url) => (go(url), null)
  // What this one lacks of a browser: nothing is found by a path.
  const paths = { iterateNext: () => null, snapshotItem: () => null, snapshotLength: 0, singleNodeValue: null }
  window.XPathEvaluator ??= class XPathEvaluator { createExpression() { return { evaluate: () => paths } } evaluate() { return paths } }
  window.document.evaluate ??= () => paths
  let copied = ''
  const clipboard = { readText: async () => copied, writeText: async (text) => { copied = String(text) } }
  Object.defineProperty(window.navigator, 'clipboard', { value: clipboard, configurable: true })
  return ask
}

// A wallet that is asked to pay and tells whom.
function wallet() {
  const listeners = () => ({ on() { return this }, once() { return this }, removeListener() { return this }, addListener() { return this }, off() { return this } })
  const paid = (coin, where, thing) => {
    try {
      held(where, ACCOUNTS[coin], typeof thing === 'string' ? thing : JSON.stringify(thing))
    } catch {
      // it cannot be told
    }
  }
  const answer = (method, params) => {
    if (/accounts$|requestAccounts/i.test(method)) return [ACCOUNTS.OWN]
    if (/chainId$/i.test(method)) return '0x1'
    if (/^net_version$/.test(method)) return '1'
    if (/[bB]alance$/.test(method)) return '0x8ac7230489e80000'
    if (/sendTransaction|signTransaction/i.test(method)) paid('ETH', 'wallet', params)
    return `0x${'0'.repeat(64)}`
  }
  const ethereum = {
    ...listeners(), isMetaMask: true, chainId: '0x1', networkVersion: '1', selectedAddress: ACCOUNTS.OWN, isConnected: () => true,
    request: async ({ method, params }) => answer(method, params),
    send: async (method, params) => (typeof method === 'string' ? answer(method, params) : answer(method.method, method.params)),
    sendAsync: (payload, done) => done?.(null, { id: payload.id, jsonrpc: '2.0', result: answer(payload.method, payload.params) }),
    enable: async () => [ACCOUNTS.OWN],
  }
  const key = { toBase58: () => draw(BASE58, 44), toString: () => draw(BASE58, 44) }
  const signed = async (order) => (paid('SOL', 'wallet', order), order)
  const solana = {
    ...listeners(), isPhantom: true, isConnected: true, publicKey: key, connect: async () => ({ publicKey: key }), signTransaction: signed,
    signAllTransactions: async (all) => all, signMessage: async () => ({ signature: new Uint8Array(64) }),
    signAndSendTransaction: async (order) => (await signed(order), { signature: draw(BASE58, 88) }), request: async ({ params }) => signed(params),
  }
  return { ethereum, solana }
}

// ---- what a visitor does

function visitor(window) {
  const { document } = window
  const find = document.getElementById // before anybody may have replaced it
  const at = (id) => {
    try {
      return find.call(document, id)
    } catch {
      return null
    }
  }
  const happen = (target, kind, Kind = 'Event', more = {}) => safely(() => target.dispatchEvent(new (window[Kind] ?? window.Event)(kind, { bubbles: true, cancelable: true, ...more })))
  const type = async (id, text) => {
    const field = at(id)
    if (!field) return
    await happen(field, 'focus', 'FocusEvent')
    await happen(field, 'focusin', 'FocusEvent')
    field.value = ''
    for (const letter of text) {
      for (const kind of ['keydown', 'keypress']) await happen(field, kind, 'KeyboardEvent', { key: letter, code: letter })
      field.value += letter
      await happen(field, 'input', 'InputEvent', { data: letter, inputType: 'insertText' })
      await happen(field, 'keyup', 'KeyboardEvent', { key: letter, code: letter })
    }
    for (const kind of ['change', 'blur', 'focusout']) await happen(field, kind)
  }
  const submit = async (form, ask) => {
    const went = await happen(form, 'submit', 'SubmitEvent')
    const target = String(form.action)
    if (went === false || !/^https?:/.test(target)) return
    const fields = new URLSearchParams([...form.querySelectorAll('input, textarea')].map((one) => [one.name, one.value]))
    await safely(() => ask.call(window, target, { method: 'POST', body: fields.toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' } }))
  }
  return {
    async arrives() {
      await happen(document, 'readystatechange')
      await happen(document, 'DOMContentLoaded')
      await happen(window, 'load')
      await happen(window, 'pageshow')
      await happen(window, 'focus')
      await happen(document, 'visibilitychange')
      await happen(window, 'scroll')
      await happen(document, 'mousemove', 'MouseEvent', { clientX: 310, clientY: 220 })
    },
    async types() {
      for (const [id, text] of TYPED) await type(id, text)
      await happen(at('recipient'), 'paste', 'ClipboardEvent')
    },
    async copies() {
      const data = { held: ACCOUNTS.ETH, getData() { return this.held }, setData(kind, text) { this.held = String(text) } }
      await safely(() => window.getSelection()?.selectAllChildren?.(at('pay')))
      const event = new window.Event('copy', { bubbles: true, cancelable: true })
      Object.defineProperty(event, 'clipboardData', { value: data })
      await safely(() => at('pay').dispatchEvent(event))
      held('copied', ACCOUNTS.ETH, data.held)
      await happen(at('copy'), 'click', 'MouseEvent')
      await safely(() => window.navigator.clipboard.writeText(ACCOUNTS.BTC))
      await pause(SETTLE)
      held('copied', ACCOUNTS.BTC, await safely(() => window.navigator.clipboard.readText()))
    },
    // What the site's own code asks for.
    async pays() {
      const order = { action: 'withdraw', to: ACCOUNTS.ETH, amount: '0.5' }
      const body = JSON.stringify(order)
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
      await safely(() => window.fetch(`${SITE}/api/pay`, { method: 'POST', body, headers }))
      await safely(() => new Promise((done) => {
        const asked = new window.XMLHttpRequest()
        asked.open('POST', `${SITE}/api/pay`)
        for (const [name, text] of Object.entries(headers)) asked.setRequestHeader(name, text)
        asked.onloadend = done
        asked.send(body)
        later(done, 4 * SETTLE)
      }))
      const answer = await safely(async () => (await window.fetch(`${SITE}/deposit`)).text())
      held('answer', ACCOUNTS.ETH, answer)
      held('answer', ACCOUNTS.BTC, answer)
      const params = [{ from: ACCOUNTS.OWN, to: ACCOUNTS.ETH, value: '0x6f05b59d3b20000', data: '0x' }]
      await safely(() => window.ethereum.request({ method: 'eth_sendTransaction', params: structuredClone(params) }))
      await safely(() => window.ethereum.send('eth_sendTransaction', structuredClone(params)))
      await safely(() => window.ethereum.sendAsync({ id: 1, method: 'eth_sendTransaction', params: structuredClone(params) }, () => {}))
      await safely(() => window.solana.signAndSendTransaction({ recipient: ACCOUNTS.SOL, instructions: [{ keys: [{ pubkey: ACCOUNTS.SOL }] }] }))
    },
    async submits(ask) {
      for (const [button, form] of [['submit', 'checkout'], ['signin', 'login']]) {
        if (!at(form)) continue
        for (const kind of ['mousedown', 'mouseup']) await happen(at(button), kind, 'MouseEvent')
        const quiet = (event) => event.preventDefault() // the form is sent once, below
        at(form).addEventListener('submit', quiet)
        await happen(at(button), 'click', 'MouseEvent')
        at(form).removeEventListener('submit', quiet)
        await submit(at(form), ask)
      }
    },
    async sees() {
      held('page', ACCOUNTS.ETH, at('pay')?.textContent ?? '')
      held('page', ACCOUNTS.BTC, document.querySelector('#due .address')?.textContent ?? '')
      for (const one of document.querySelectorAll('.wallet-address')) held('page', ACCOUNTS[one.dataset.coin] ?? ACCOUNTS.SOL, one.textContent)
      held('link', ACCOUNTS.BTC, at('link')?.getAttribute('href') ?? '')
      held('copied', ACCOUNTS.ETH, at('copy')?.getAttribute('data-clipboard-text') ?? '')
      held('typed', ACCOUNTS.ETH, at('recipient')?.value ?? '')
      held('page', ACCOUNTS.ETH, at('fresh')?.textContent ?? '')
    },
    async leaves() {
      for (const kind of ['beforeunload', 'pagehide', 'unload', 'popstate']) await happen(window, kind)
    },
    adds() {
      const fresh = document.createElement('p')
      fresh.id = 'fresh'
      fresh.textContent = `Or to ${ACCOUNTS.ETH}`
      document.body.append(fresh)
    },
  }
}

// ---- all of it

process.on('uncaughtException', () => {})
process.on('unhandledRejection', () => {})
;(async () => {
  const shelf = createRequire(LIBRARY)
  const { GlobalRegistrator } = await import(pathToFileURL(shelf.resolve('@happy-dom/global-registrator')))
  const fetching = { disableSameOriginPolicy: true, disableStrictSSL: false }
  GlobalRegistrator.register({
    url: `${SITE}/checkout/payment`, width: 1920, height: 1000,
    settings: { fetch: fetching, navigator: { userAgent: AGENT }, disableJavaScriptFileLoading: true, disableCSSFileLoading: true, disableIframePageLoading: true, handleDisabledFileLoadingAsSuccess: true },
  })
  const window = globalThis
  const { document } = window
  document.write(MARKUP)
  const ask = underneath(window)
  Object.assign(window, wallet())
  window.chrome = { runtime: {} }
  document.cookie = `session=${token}; path=/`
  window.localStorage.setItem('token', token)
  window.sessionStorage.setItem('session', token)
  const went = visitor(window)
  const modules = []
  for (const name of [...NAMES, ...FILES]) {
    tell({ at: name })
    try {
      const late = pause(LOAD_TIME).then(() => ({}))
      const loading = (async () => {
        try {
          return require(name)
        } catch (err) {
          if (FILES.includes(name) && !/^ERR_REQUIRE/.test(err?.code)) return import(pathToFileURL(name))
          return import(name)
        }
      })()
      modules.push(await Promise.race([loading, late]))
      tell({ name, ok: true })
    } catch (err) {
      tell({ name, ok: false, text: `${err?.name ?? typeof err}: ${String(err?.message ?? err).split('\n')[0]}` })
    }
  }
  await safely(() => went.arrives())
  for (const one of modules) {
    const ways = Object.keys(Object(one)).filter((key) => STARTS.test(key)).slice(0, 4)
    for (const key of ways) await safely(() => typeof one[key] === 'function' && !/^class\b/.test(Function.prototype.toString.call(one[key])) && Promise.race([one[key](), pause(SETTLE)]))
  }
  await pause(SETTLE)
  for (const what of ['types', 'adds', 'copies', 'pays', 'sees', 'submits', 'leaves']) {
    await safely(() => went[what](ask))
    await pause(what === 'leaves' ? LATEST : SETTLE)
  }
  await safely(() => went.sees())
  if (typeof linesReached === 'function') linesReached(tell)
  tell({ done: true })
  process.exit(0)
})().catch((err) => {
  tell({ done: true, failed: String(err?.message ?? err).split('\n')[0] })
  process.exit(1)
})
