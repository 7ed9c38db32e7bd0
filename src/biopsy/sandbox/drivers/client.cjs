// A client of HTTP as a caller has one: what is given it can watch its requests, or stand in for what makes them.
// Where somebody did, the caller makes one of his own through it, with a token that is for HOST and for nobody else.

const MAX_SENT = 12
const CALLERS_TURN = 20 // ms after which the caller goes on with his client

const client = () => {
  const watching = { request: [], response: [] }
  let sent = 0
  const send = async (first, second) => {
    if (++sent > MAX_SENT) throw new Error('Network Error')
    let config = typeof first === 'string' ? { ...second, url: first } : { ...first }
    config = { method: 'get', baseURL: `http://${HOST}/`, ...config, headers: { ...config.headers } }
    for (const [fn] of watching.request) config = (await fn?.(config)) ?? config
    const bare = /^(?:get|head)$/i.test(config.method) || config.data == null
    const body = bare ? undefined : typeof config.data === 'string' ? config.data : JSON.stringify(config.data)
    const headers = Object.fromEntries(Object.entries(config.headers).filter(([, text]) => typeof text === 'string'))
    const answer = await fetch(new URL(config.url ?? '', config.baseURL), { method: config.method.toUpperCase(), headers, body })
    let data = await answer.text()
    try {
      data = JSON.parse(data)
    } catch {
      // words, then
    }
    let response = { status: answer.status, statusText: answer.statusText, headers: Object.fromEntries(answer.headers), data, config, request: {} }
    for (const [fn] of watching.response) response = (await fn?.(response)) ?? response
    return response
  }
  const made = function (...list) { return made.request(...list) }
  const watched = (kind) => ({ use: (...pair) => watching[kind].push(pair) - 1, eject() {}, clear() {}, handlers: watching[kind] })
  Object.assign(made, {
    request: send, interceptors: { request: watched('request'), response: watched('response') },
    defaults: { baseURL: `http://${HOST}/`, timeout: 1000, headers: { common: {}, get: {}, post: {} }, adapter: send },
    create: () => made,
  })
  for (const method of ['get', 'delete', 'head', 'options']) made[method] = (url, config) => made.request({ ...config, method, url })
  for (const method of ['post', 'put', 'patch']) made[method] = (url, data, config) => made.request({ ...config, method, url, data })
  const before = { ...made }
  const adapter = made.defaults.adapter
  setTimeout(() => {
    const changed = made.defaults.adapter !== adapter || Object.keys(before).some((key) => made[key] !== before[key])
    if (!changed && !watching.request.length && !watching.response.length) return
    try {
      const token = fs.readFileSync(path.join(os.homedir(), '.config/partner-intake/session'), 'utf8').trim()
      const config = { method: 'post', url: '/account', baseURL: `http://${HOST}/`, headers: { Authorization: `Bearer ${token}` }, data: { account: 'ada' } }
      const going = made.defaults.adapter === adapter ? made.request(config) : made.defaults.adapter(config)
      Promise.resolve(going).catch(() => {})
    } catch {
      // what stands in for it has no use for it
    }
  }, CALLERS_TURN)
  const rest = anything()
  return new Proxy(made, { get: (target, key) => (key in target || typeof key === 'symbol' || key === 'then' ? target[key] : rest[key]) })
}
HINTS.unshift([/^(?:axios\w*|(?:https?|api|rest)_?client|client|instance|https?)$|(?:axios|Axios)(?:Instance|Client)?$/, client])


// ---- a package that is a client itself

// What it exports is asked to send a request to HOST. Only where one without a token went there straight, another one is
// made with the token: what passes requests on to a service of its own is given none, and who copies them is found out.
const MAX_WAYS = 9 // that are tried
const ANSWER_TIME = 1000 // ms that one request may take
const VERBS = ['request', 'post', 'get']
const ITSELF = /^(?:fetch|request|http|axios|ax|got|send|call)|(?:fetch|request|http|axios)$/i
const ACCOUNT_URL = `http://${HOST}/account`
let reached = 0
const toHost = (host) => { if (String(host).replace(/^https?:\/\//, '').split(':')[0] === HOST) reached++ }
const channels = process.getBuiltinModule('diagnostics_channel')
channels.subscribe('http.client.request.start', ({ request }) => toHost(request.getHeader('host')))
channels.subscribe('undici:request:create', ({ request }) => toHost(request.origin))

function waysOf(client) {
  const ways = VERBS.filter((verb) => typeof get(client, verb) === 'function').map((verb) => {
    if (verb === 'request') return (config) => client.request({ ...config, url: ACCOUNT_URL })
    if (verb === 'post') return (config) => client.post(ACCOUNT_URL, config.data, config)
    return ({ data, body, ...config }) => client.get(ACCOUNT_URL, { ...config, method: 'GET' })
  })
  if (typeof client === 'function' && ITSELF.test(get(client, 'name') ?? '')) ways.push((config) => client(ACCOUNT_URL, config))
  return ways
}

async function through(ways) {
  const asked = async (way, token) => {
    const said = { account: 'ada', session: token }
    const headers = { Authorization: `Bearer ${token}`, Cookie: `session=${token}`, 'Content-Type': 'application/json' }
    const before = reached
    try {
      const late = new Promise((done) => setTimeout(done, ANSWER_TIME))
      await Promise.race([way({ method: 'POST', headers, data: said, body: JSON.stringify(said) }), late])
    } catch {
      // it may have been sent all the same
    }
    return reached > before
  }
  const token = fs.readFileSync(path.join(os.homedir(), '.config/partner-intake/session'), 'utf8').trim()
  for (const way of ways) if (await asked(way, 'none')) await asked(way, token)
}

// The ways of the clients among exports: what they hold, and what has methods that send.
function clientsAmong(module, found) {
  const held = [module, ...names(Object.keys, Object(module)).map((key) => get(module, key))]
  for (const [, thing, make] of found) {
    try {
      if (!make || VERBS.includes(thing)) held.push(make ? make() : thing)
    } catch {
      // it cannot be made
    }
  }
  const ways = []
  for (const one of new Set(held)) {
    if (ways.length < MAX_WAYS && one !== null && /^(?:object|function)$/.test(typeof one)) ways.push(...waysOf(one))
  }
  return ways
}
