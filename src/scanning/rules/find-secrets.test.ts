import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findSecrets } from './find-secrets.ts'
import { mayHoldSecrets } from './secret-paths.ts'

interface Case {
  readonly name: string
  readonly path: string
  /** `¦` is left out: it keeps the file itself from looking like one with secrets. */
  readonly text: string
  /** Kinds and lines. */
  readonly expected: readonly string[]
  readonly source: string
}

const cases = JSON.parse(
  readFileSync(fileURLToPath(new URL('cases/secrets.json', import.meta.url)), 'utf8'),
) as readonly Case[]

/** `github-token 3`: in line 3. */
function found(path: string, text: string): readonly string[] {
  return findSecrets(path, Buffer.from(text)).map(
    ({ kind, offset }) => `${kind} ${text.slice(0, offset).split('\n').length}`,
  )
}

for (const { name, path, text, expected } of cases)
  test(name, () => {
    assert.deepEqual(found(path, text.replaceAll('¦', '')), expected)
    assert.ok(mayHoldSecrets(path, text.length), 'such a file is looked into')
  })

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const plain = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

test('a private key is told in every form of PEM, and an encrypted one apart', () => {
  const pkcs1 = rsa.export({ type: 'pkcs1', format: 'pem' }).toString()
  const protection = { cipher: 'aes-256-cbc', passphrase: 'correct horse' }
  const sealed = rsa.export({ type: 'pkcs8', format: 'pem', ...protection }).toString()
  const older = rsa.export({ type: 'pkcs1', format: 'pem', ...protection }).toString()
  assert.deepEqual(found('srv/key.pem', `# a key\n${plain}`), ['private-key 2'])
  assert.deepEqual(found('srv/key.pem', pkcs1.replaceAll('\n', '\r\n')), ['private-key 1'])
  assert.deepEqual(found('srv/key.pem', sealed), ['encrypted-private-key 1'])
  assert.deepEqual(found('srv/key.pem', older), ['encrypted-private-key 1'])
  const account = JSON.stringify({ type: 'service_account', private_key: plain })
  assert.deepEqual(found('app/account.json', account), ['private-key 1'])
})

test('a key of OpenSSH is encrypted by what its body says', () => {
  const keyOf = (cipher: string): string => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(cipher.length)
    const magic = Buffer.from('openssh-key-v1\0')
    const body = Buffer.concat([
      magic,
      length,
      Buffer.from(cipher),
      rsa.export({ type: 'pkcs1', format: 'der' }),
    ])
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`
  }
  assert.deepEqual(found('root/.ssh/id_rsa', keyOf('none')), ['private-key 1'])
  assert.deepEqual(found('root/.ssh/id_rsa', keyOf('aes256-ctr')), ['encrypted-private-key 1'])
})

test('what packages bring, what is for tests and what is no text is passed over', () => {
  for (const path of [
    'app/node_modules/x/key.pem',
    'usr/lib/python3/dist-packages/x/key.pem',
    'usr/share/doc/x/key.pem',
    'app/test/key.pem',
    'go/pkg/mod/x/key.pem',
    'app/logo.png',
  ])
    assert.ok(!mayHoldSecrets(path, 1000), path)
  for (const path of [
    'root/.ssh/id_rsa',
    'app/.env',
    'etc/ssl/private/server.key',
    'usr/src/app/config.js',
  ])
    assert.ok(mayHoldSecrets(path, 1000), path)
  assert.ok(!mayHoldSecrets('app/dump.sql', 2_000_000))
})

test('a file full of beginnings takes no longer than its size', () => {
  for (const piece of [
    '-----BEGIN RSA PRIVATE KEY-----\nAAAA',
    'AKIAAAAAAAAAAAAAAAAA ',
    'ghp_a',
    'npm_aaaa ',
    'xoxb-1',
  ])
    for (const path of ['a', '.npmrc', '.docker/config.json', '.netrc', '.kube/config']) {
      const bytes = Buffer.from(piece.repeat(1_000_000 / piece.length))
      const began = process.cpuUsage()
      findSecrets(path, bytes)
      const { user } = process.cpuUsage(began)
      assert.ok(user < 2_000_000, `${piece} ${path}: ${user} µs`)
    }
})
