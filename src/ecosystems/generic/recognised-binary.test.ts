import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { elfOf } from '../../../test/kit/executable-builder.ts'
import { sharedData } from '../../../test/kit/shared-data.ts'
import type { Extractor } from '../ecosystem.ts'
import { formatPurl } from '../purl.ts'
import { knownFile } from './known-files.ts'
import { knownPrograms } from './known-programs.ts'
import { recognisedBinary } from './recognised-binary.ts'

interface Snippet {
  readonly name: string
  readonly version: string
  readonly file: string
  readonly base64: string
}

/** How the origin's names are called here, and what is answered otherwise on purpose. */
interface Answers {
  readonly names: Readonly<Record<string, string>>
  readonly unanswered: readonly {
    readonly name: string
    readonly file: string
    readonly versions: readonly string[]
    /** Absent where nothing is answered. */
    readonly ours?: string
    readonly why: string
  }[]
}

const file = sharedData('fixtures', 'binary-snippets.json')
const answers = JSON.parse(
  readFileSync(join(import.meta.dirname, 'snippets.json'), 'utf8'),
) as Answers

function answerTo(path: string, bytes: Buffer): string | undefined {
  const readers: readonly Extractor[] = [recognisedBinary, knownFile]
  const reader = readers.find((extractor) => extractor.wants(path))
  const [found, ...others] = reader?.extract(path, bytes).instances ?? []
  assert.deepEqual(others, [])
  return found === undefined ? undefined : `${found.package.name} ${found.package.version}`
}

test(
  'public snippets: each tells the version that its origin knows, or why not is written down',
  { skip: file === undefined && 'shared data is absent' },
  () => {
    const { cases } = JSON.parse(readFileSync(file ?? '', 'utf8')) as { cases: readonly Snippet[] }
    const told: string[] = []
    let explained = 0
    for (const { name, version, file: inner, base64 } of cases) {
      const ours = answerTo(`usr/lib/${name}/${inner}`, Buffer.from(base64, 'base64'))
      if (ours === `${answers.names[name] ?? name} ${version}`) continue
      const rows = answers.unanswered.filter(
        (row) => row.name === name && row.file === inner && row.versions.includes(version),
      )
      if (rows.some((row) => row.ours === ours)) explained += 1
      else told.push(`${name} ${version} (${inner}): ${ours ?? 'nothing'}`)
    }
    assert.deepEqual(told, [])
    assert.ok(cases.length - explained >= 189, 'fewer are answered than were')
  },
)

const path = 'usr/local/bin/'

function answerIn(name: string, ...texts: readonly string[]): string | undefined {
  const bytes = Buffer.from(texts.join('\0'), 'latin1')
  const program = elfOf([{ name: '.rodata', bytes, address: 0x400000, isReadOnly: true }])
  assert.equal(recognisedBinary.recognises?.(program), true)
  return answerTo(path + name, program)
}

test('a program of another kind with a known name is not named', () => {
  assert.equal(answerIn('node', '', '1.2.3', 'a node of our graph'), undefined)
  assert.equal(answerIn('nginx', 'nginx version: ours/1.25.1'), undefined)
  assert.equal(answerIn('openssl', '', 'OpenSSL 1.1.1 (compatible; BoringSSL)', ''), undefined)
  assert.equal(answerIn('['), undefined)
})

test('unmarked versions that differ are none', () => {
  assert.equal(answerIn('traefik', '', 'v3.0.4', ''), 'traefik 3.0.4')
  assert.equal(answerIn('traefik', '', 'v3.0.4', 'x', '3.0.4', ''), 'traefik 3.0.4')
  assert.equal(answerIn('traefik', '', 'v3.0.4', 'x', '2.1.0', ''), undefined)
  const apart = ['x'.repeat(3_000_000), '2.1.0', '']
  assert.equal(answerIn('traefik', '', 'v3.0.4', ...apart), undefined)
})

test('a version is found on both sides of a window’s end', () => {
  for (const length of [1024 * 1024 - 140, 1024 * 1024 - 120, 1024 * 1024 - 117])
    assert.equal(answerIn('vault', 'x'.repeat(length), '1.11.6', ''), 'vault 1.11.6')
})

test('python’s version is of the series that its file’s name tells', () => {
  const texts = ['', '3.9.1', '<prefix>/lib/pythonX.X', '', '3.11.4', '<prefix>/lib/pythonX.X', '']
  assert.equal(answerIn('python3.11', ...texts), 'python 3.11.4')
  assert.equal(answerIn('python3.12', ...texts), undefined)
  assert.equal(answerIn('python3', ...texts), 'python 3.9.1')
})

test('AWS-LC and LibreSSL are no OpenSSL', () => {
  assert.equal(
    answerIn('openssl', '', 'OpenSSL 1.1.1 (compatible; AWS-LC 1.69.0)'),
    'aws-lc 1.69.0',
  )
  assert.equal(answerIn('libcrypto.so.52', '', 'LibreSSL 3.8.2', ''), 'libressl 3.8.2')
  assert.equal(answerIn('libcrypto.so.3', '', 'OpenSSL 3.0.19 27 Jan 2026', ''), 'openssl 3.0.19')
})

test('a host’s name that runs into redis’ version is not read as part of it', () => {
  assert.equal(
    answerIn('redis-server', '', '6.0.12abcdef01234-1673428630000000000', ''),
    'redis 6.0.1',
  )
  assert.equal(answerIn('redis-server', '', '7.0.15buildkitsandbox-1702957741', ''), 'redis 7.0.15')
  assert.equal(answerIn('redis-server', '', '7.0.151790282056000000000', ''), 'redis 7.0.15')
  assert.equal(answerIn('valkey-server', '', 'valkey9.0.0x86-build-1702957741', ''), 'valkey 9.0.0')
})

test('a text that repeats without end is looked at a limited number of times', () => {
  assert.equal(answerIn('nginx', 'nginx version: nginx/x'.repeat(200_000)), undefined)
})

test('no pattern is tried on other files, and every one takes a version', () => {
  assert.equal(recognisedBinary.wants('usr/local/bin/anything'), false)
  assert.equal(recognisedBinary.wants('usr/share/doc/nginx'), true)
  assert.equal(recognisedBinary.wants('proc/1/nginx'), false)
  for (const { name, marks } of knownPrograms)
    for (const { pattern, isUnmarked } of marks) {
      assert.equal(pattern.global, isUnmarked === true, name)
      assert.match(pattern.source, /\([^?]/, name)
    }
})

test('a file in the place of a known one that tells no version is a problem', () => {
  const at = 'usr/local/lib/elixir/ebin/elixir.app'
  assert.deepEqual(knownFile.extract(at, Buffer.from('{application,elixir,[]}')), {
    instances: [],
    problems: [{ path: at, reason: 'does not tell a version' }],
  })
  const otp = 'usr/local/lib/erlang/releases/26/OTP_VERSION'
  assert.equal(answerTo(otp, Buffer.from('26.2.5.6\n')), 'erlang 26.2.5.6')
})

test('a recognised program is no package of the image’s distribution', () => {
  const debian = { id: 'debian', versionId: '12' }
  const nginx = { type: 'generic', name: 'nginx', version: '1.25.1' }
  assert.equal(formatPurl(nginx, debian), 'pkg:generic/nginx@1.25.1')
  const module = { type: 'golang', name: 'github.com/a/b/v2', version: 'v2.0.0+incompatible' }
  assert.equal(formatPurl(module, debian), 'pkg:golang/github.com/a/b/v2@v2.0.0%2Bincompatible')
})
