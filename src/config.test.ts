import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { temporaryDirectory } from '../test/kit/database.ts'
import { readConfig, settings, type Config, type ConfigSources } from './config.ts'

const nowhere = '/nonexistent/directory'

function read(sources: Partial<ConfigSources>): ReturnType<typeof readConfig> {
  return readConfig({ flags: {}, environment: {}, cwd: nowhere, ...sources })
}

function configOf(sources: Partial<ConfigSources>): Config {
  const result = read(sources)
  if (result.kind === 'problems') assert.fail(result.problems.join('\n'))
  return result.config
}

function problemsOf(sources: Partial<ConfigSources>): readonly string[] {
  const result = read(sources)
  return result.kind === 'problems' ? result.problems : []
}

async function directoryWith(t: TestContext, file: string): Promise<string> {
  const cwd = await temporaryDirectory(t)
  await writeFile(join(cwd, 'pratique.yaml'), file)
  return cwd
}

const refusedValues: readonly (readonly [string, string, RegExp])[] = [
  ['PRATIQUE_LISTEN', '5080', /expected HOST:PORT/],
  ['PRATIQUE_LISTEN', ':5080', /expected HOST:PORT/],
  ['PRATIQUE_LISTEN', '127.0.0.1', /expected HOST:PORT/],
  ['PRATIQUE_LISTEN', '127.0.0.1:', /expected HOST:PORT/],
  ['PRATIQUE_LISTEN', '127.0.0.1:65536', /expected HOST:PORT/],
  ['PRATIQUE_LISTEN', '127.0.0.1:-1', /expected HOST:PORT/],
  ['PRATIQUE_LISTEN', '::1:5080', /expected HOST:PORT/],
  ['PRATIQUE_LISTEN', 'http://127.0.0.1:5080', /expected HOST:PORT/],
  ['PRATIQUE_URL', 'registry.example.com', /expected an http or https address/],
  ['PRATIQUE_URL', 'ftp://registry.example.com', /expected an http or https address/],
  ['PRATIQUE_ACCOUNT', '12345678901', /expected 12 digits/],
  ['PRATIQUE_ACCOUNT', '1234-5678-9012', /expected 12 digits/],
  ['PRATIQUE_REGION', 'US-EAST-1', /expected a region/],
  ['PRATIQUE_REGION', 'useast1', /expected a region/],
  ['PRATIQUE_REGION', 'us-east-1/..', /expected a region/],
  ['PRATIQUE_DEFAULTS', 'none', /expected secure or aws/],
  ['PRATIQUE_DEFAULTS', 'AWS', /expected secure or aws/],
  ['PRATIQUE_LOG', 'debug', /expected auto, json, pretty or silent/],
  ['PRATIQUE_OSV_URL', 'example.com', /expected an http or https address/],
  ['PRATIQUE_STALE_AFTER_HOURS', '0', /expected whole hours from 1 to 8760/],
  ['PRATIQUE_STALE_AFTER_HOURS', '8761', /expected whole hours/],
  ['PRATIQUE_STALE_AFTER_HOURS', '1.5', /expected whole hours/],
  ['PRATIQUE_STALE_AFTER_HOURS', '-1', /expected whole hours/],
  ['PRATIQUE_ORGANIZATION', 'acme', /expected o- and 10 to 32 of a-z and 0-9/],
  ['PRATIQUE_TIMESTAMPS', 'ours', /expected own, or up to three http and https addresses/],
  ['PRATIQUE_TIMESTAMPS', 'http://a,b', /expected own, or up to three/],
  ['PRATIQUE_TIMESTAMPS', 'http://a,http://b,http://c,http://d', /expected own, or up to three/],
  ['PRATIQUE_TIMESTAMP_IF_AWAY', 'sign', /expected fail or omit/],
  ['PRATIQUE_TSA', 'yes', /expected on or off/],
  ['PRATIQUE_CRL_URL', 'https://registry.example.com', /expected an http address/],
  ['PRATIQUE_CLOCK_SKEW_MINUTES', '0', /expected whole minutes from 1 to 15, or auto/],
  ['PRATIQUE_CLOCK_SKEW_MINUTES', '16', /expected whole minutes from 1 to 15/],
  ['PRATIQUE_MIN_FREE_MIB', '-1', /expected whole MiB/],
  ['PRATIQUE_MIN_FREE_MIB', '5%', /expected whole MiB/],
  ['PRATIQUE_SCAN_WORKERS', '0', /expected a whole number from 1 to 64/],
  ['PRATIQUE_SCAN_WORKERS', '65', /expected a whole number from 1 to 64/],
  ['PRATIQUE_SCAN_WORKERS', '1e1', /expected a whole number from 1 to 64/],
]

test('refuses a value with the name, what was seen and what is expected', () => {
  for (const [name, value, expected] of refusedValues) {
    const [problem = '', ...more] = problemsOf({ environment: { [name]: value } })
    assert.deepEqual(more, [])
    assert.ok(problem.startsWith(`${name} is ${JSON.stringify(value)}; `), problem)
    assert.match(problem, expected)
  }
})

test('refuses settings that do not exist and names the nearest, or all', async (t) => {
  assert.deepEqual(problemsOf({ environment: { PRATIQUE_LISTENN: 'x' } }), [
    'unknown setting PRATIQUE_LISTENN: did you mean PRATIQUE_LISTEN?',
  ])
  const [far] = problemsOf({ environment: { PRATIQUE_SOMETHING_ELSE: 'x' } })
  assert.match(far ?? '', /^unknown setting PRATIQUE_SOMETHING_ELSE: known are PRATIQUE_DATA, /)
  const cwd = await directoryWith(t, 'lisTen: x\ntoString: x\n__proto__: x\n')
  const problems = problemsOf({ cwd })
  assert.equal(problems.length, 3, problems.join('\n'))
  assert.equal(problems[0], 'pratique.yaml: unknown setting lisTen: did you mean listen?')
})

test('other people’s variables and the tests’ own are left alone', () => {
  const environment = { PATH: '/bin', PRATIQUEX: 'x', PRATIQUE_TEST_ETCD: 'x', pratique_data: 'x' }
  assert.deepEqual(problemsOf({ environment }), [])
})

test('says every problem at once', async (t) => {
  const cwd = await directoryWith(t, 'region: nowhere\nunheard: 1\n')
  const environment = { PRATIQUE_ACCOUNT: '1', PRATIQUE_X_Y_Z_UNKNOWN: '1' }
  const problems = problemsOf({ cwd, environment, flags: { log: 'loud' } })
  assert.equal(problems.length, 5)
})

test('refuses a settings file that is none', async (t) => {
  const files: readonly (readonly [string, RegExp])[] = [
    ['a: b: c', /pratique\.yaml is not YAML/],
    ['{', /pratique\.yaml is not YAML/],
    ['data: x\ndata: y', /pratique\.yaml is not YAML/],
    ['data: !!js/function x', /pratique\.yaml is not YAML: Unresolved tag/],
    ['%zz x', /pratique\.yaml is not YAML/],
    ['- data', /pratique\.yaml: expected lines of the form/],
    ['data', /pratique\.yaml: expected lines of the form/],
    ['data: &a x\nregion: *a', /pratique\.yaml is not YAML/],
    ['data: {path: x}', /pratique\.yaml: data is a list or a mapping; expected one value/],
    ['data: [x]', /pratique\.yaml: data is a list or a mapping; expected one value/],
  ]
  for (const [file, problem] of files) {
    const problems = problemsOf({ cwd: await directoryWith(t, file) })
    assert.equal(problems.length, 1, `${file}: ${problems.join(' | ')}`)
    assert.match(problems[0] ?? '', problem)
  }
  const cwd = await temporaryDirectory(t)
  const [unreadable] = problemsOf({ cwd: join(cwd, '\0') })
  assert.match(unreadable ?? '', /pratique\.yaml cannot be read/)
})

test('refuses an empty data directory instead of taking the current one', async (t) => {
  for (const sources of [
    { flags: { data: '' } },
    { cwd: await directoryWith(t, 'data: ""') },
    { cwd: await directoryWith(t, 'data:') },
  ] as const) {
    assert.match(problemsOf(sources)[0] ?? '', /^PRATIQUE_DATA is ""; expected/)
  }
})

test('says nothing, gets the safe defaults', () => {
  assert.deepEqual(configOf({ cwd: '/srv' }), {
    dataDirectory: '/srv/data',
    listen: { host: '127.0.0.1', port: 5080 },
    url: undefined,
    account: '123456789012',
    region: 'us-east-1',
    organization: undefined,
    defaults: 'secure',
    anonymousPull: 'off',
    deniedHead: 403,
    log: 'auto',
    feeds: {
      chosen: ['default'],
      everyMinutes: 120,
      mirrors: { all: undefined, byFeed: new Map() },
      proxy: { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined },
    },
    staleAfterHours: 48,
    scanWorkers: 1,
    gcGraceHours: 24,
    gcEveryMinutes: 60,
    gcUntaggedAfterDays: undefined,
    minFreeBytes: 'auto',
    clockSkewMinutes: 'auto',
    maxConnections: 10_000,
    maxConnectionsPerAddress: 1000,
    maxOpenUploads: 1000,
    stallSeconds: 60,
    trust: {
      revocationPlaces: { hosts: [], networks: [] },
      sigstoreMirror: 'https://tuf-repo-cdn.sigstore.dev',
    },
    admission: {
      listen: undefined,
      names: ['localhost', '127.0.0.1'],
      inUseDays: 30,
      decisionDays: 90,
    },
    audit: {
      isRequired: true,
      withReads: true,
      keepDays: 400,
      maxBytes: undefined,
      atMax: 'refuse',
    },
    signing: {
      timestamps: { kind: 'none' },
      isTimestampAuthority: false,
      crlUrl: undefined,
    },
    notifications: { allowPrivateNetwork: false, stormPercent: 10, keepEventsDays: 14 },
    vexKeysFile: undefined,
    bundleKeysFile: undefined,
    advisoryHistoryDays: 400,
    masterKey: { kind: 'file', path: undefined },
  })
  assert.deepEqual(
    configOf({ cwd: '/srv', environment: { PRATIQUE_DATA: '' } }).dataDirectory,
    '/srv/data',
  )
})

test('a flag goes before the environment, that before the file, that before the default', async (t) => {
  const cwd = await directoryWith(t, 'region: eu-west-1\nlog: json\nscanWorkers: 4\n')
  const environment = { PRATIQUE_REGION: 'eu-west-2', PRATIQUE_LOG: 'pretty' }
  const result = read({ cwd, environment, flags: { region: 'eu-west-3' } })
  assert.ok(result.kind === 'config')
  assert.equal(result.config.region, 'eu-west-3')
  assert.equal(result.config.log, 'pretty')
  assert.equal(result.config.scanWorkers, 4)
  const { region, log, scanWorkers, data } = result.origins
  assert.deepEqual(
    [region, log, scanWorkers, data],
    ['flag', 'environment', 'pratique.yaml', 'default'],
  )
})

test('values of the file are read as they are written', async (t) => {
  const cwd = await directoryWith(t, '# settings\naccount: 012345678901\nlisten: "[::1]:0"\n')
  const config = configOf({ cwd })
  assert.equal(config.account, '012345678901')
  assert.deepEqual(config.listen, { host: '::1', port: 0 })
  assert.equal(configOf({ cwd: await directoryWith(t, '# nothing\n') }).account, '123456789012')
})

test('reads addresses and directories in every form', () => {
  const listen = (text: string): Config['listen'] =>
    configOf({ environment: { PRATIQUE_LISTEN: text } }).listen
  assert.deepEqual(listen('0.0.0.0:0'), { host: '0.0.0.0', port: 0 })
  assert.deepEqual(listen('localhost:65535'), { host: 'localhost', port: 65_535 })
  assert.deepEqual(listen('[::]:80'), { host: '::', port: 80 })
  const url = (text: string): string | undefined =>
    configOf({ environment: { PRATIQUE_URL: text } }).url
  assert.equal(url('https://registry.example.com/'), 'https://registry.example.com')
  assert.equal(url('http://localhost:8080/base//'), 'http://localhost:8080/base')
  const data = (text: string): string =>
    configOf({ cwd: '/srv', flags: { data: text } }).dataDirectory
  assert.equal(data('/var/lib/pratique'), '/var/lib/pratique')
  assert.equal(data('../x'), '/x')
})

test('no value makes the reader throw', () => {
  const names = Object.values(settings).map(({ environment }) => environment)
  const text = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(fc.constantFrom(...names), text, (name, value) => {
      assert.ok(['config', 'problems'].includes(read({ environment: { [name]: value } }).kind))
    }),
  )
})

const canary = Buffer.alloc(32, 7).toString('base64')

test('the master key has one source, and no problem shows it', async (t) => {
  const key = { PRATIQUE_MASTER_KEY: canary }
  const command = { PRATIQUE_MASTER_KEY_COMMAND: 'vault kv get -field=key secret/pratique' }
  const file = { PRATIQUE_MASTER_KEY_FILE: '/run/key' }
  const cases: readonly (readonly [Partial<ConfigSources>, RegExp])[] = [
    [
      { environment: { ...key, ...file } },
      /more than one source: keep one of PRATIQUE_MASTER_KEY_FILE, PRATIQUE_MASTER_KEY$/,
    ],
    [{ environment: { ...key, ...command } }, /more than one source/],
    [{ environment: { ...file, ...command } }, /more than one source/],
    [
      { environment: { PRATIQUE_MASTER_KEY_PREVIOUS: canary } },
      /PREVIOUS is set without PRATIQUE_MASTER_KEY:/,
    ],
    [
      { environment: { ...key, PRATIQUE_MASTER_KEY_PREVIOUS_COMMAND: 'x' } },
      /PREVIOUS_COMMAND is set without/,
    ],
    [{ environment: { PRATIQUE_MASTER_KEY_COMMAND: `vault '${canary}` } }, /is no command/],
    [{ environment: { PRATIQUE_MASTER_KEY_COMMAND: `''` } }, /is no command/],
    [{ flags: { masterKey: canary } }, /has no place there \(flag\)/],
    [
      { cwd: await directoryWith(t, `masterKey: ${canary}\n`) },
      /has no place there \(pratique.yaml\)/,
    ],
    [{ environment: { PRATIQUE_MASTER_KEYS: canary } }, /unknown setting PRATIQUE_MASTER_KEYS/],
  ]
  for (const [sources, expected] of cases) {
    const problems = problemsOf(sources).join('\n')
    assert.match(problems, expected)
    assert.ok(!problems.includes(canary), problems)
  }
})

test('the sources of the master key are read, a command as plain words', () => {
  const masterKey = (environment: Record<string, string>): Config['masterKey'] =>
    configOf({ cwd: '/srv', environment }).masterKey
  assert.deepEqual(masterKey({ PRATIQUE_MASTER_KEY_FILE: 'key' }), {
    kind: 'file',
    path: '/srv/key',
  })
  const given = masterKey({ PRATIQUE_MASTER_KEY: canary, PRATIQUE_MASTER_KEY_PREVIOUS: 'old' })
  assert.ok(given.kind === 'environment')
  assert.equal(given.primary.reveal(), canary)
  assert.equal(given.previous?.reveal(), 'old')
  assert.ok(!JSON.stringify(given).includes(canary))
  const words = ` /bin/k  get -f='a b' "c 'd'" \\$(x);`
  const command = { PRATIQUE_MASTER_KEY_COMMAND: words, PRATIQUE_MASTER_KEY_PREVIOUS_COMMAND: 'y' }
  assert.deepEqual(masterKey(command), {
    kind: 'command',
    primary: ['/bin/k', 'get', '-f=a b', "c 'd'", '\\$(x);'],
    previous: ['y'],
  })
})

test('timestamp authorities without their roots are refused: nobody could tell whose timestamps they are', () => {
  const environment = { PRATIQUE_TIMESTAMPS: 'http://tsa.example/a, https://tsa.example' }
  const problems = problemsOf({ environment })
  assert.equal(problems.length, 1)
  assert.match(problems[0] ?? '', /set PRATIQUE_TIMESTAMP_ROOTS/)
  const roots = { PRATIQUE_TIMESTAMP_ROOTS: 'roots.pem' }
  assert.deepEqual(configOf({ environment: { ...environment, ...roots } }).signing.timestamps, {
    kind: 'remote',
    urls: ['http://tsa.example/a', 'https://tsa.example'],
    rootsFile: `${nowhere}/roots.pem`,
    ifAway: 'fail',
    allowPrivateNetwork: false,
  })
})
