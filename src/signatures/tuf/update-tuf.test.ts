// A mirror may be anybody's: nothing older, unsigned or late is taken, and what was known stays.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  targetName,
  tufFetch,
  tufFiles,
  tufKey,
  tufNow,
  tufRoles,
  tufRoot,
  tufStart,
  type TufChoices,
} from '../../../test/kit/tuf-repository.ts'
import seed from '../../trust/public-root/seed.json' with { type: 'json' }
import { readTrustedRoot } from '../sigstore/trusted-root.ts'
import { keysOf, readDocument, requireSigned } from './metadata.ts'
import { updateTuf, type TufState, type TufUpdate } from './update-tuf.ts'

async function update(
  state: TufState,
  files: ReadonlyMap<string, Buffer>,
  now = tufNow,
): Promise<TufUpdate> {
  return updateTuf(state, { fetch: tufFetch(files), target: targetName, now })
}

async function known(choices: TufChoices = {}): Promise<TufState> {
  const first = await update(tufStart(), tufFiles(choices))
  assert.ok(first.kind === 'updated', JSON.stringify(first))
  return first.state
}

async function refuses(
  state: TufState,
  files: ReadonlyMap<string, Buffer>,
  reason: RegExp,
): Promise<void> {
  const found = await update(state, files)
  assert.ok(found.kind === 'failed')
  assert.match(found.reason, reason)
}

const stranger = tufKey('o1')
const refusals: readonly (readonly [name: string, choices: TufChoices, reason: RegExp])[] = [
  ['a timestamp that nobody signed', { signers: { timestamp: [] } }, /timestamp has 0 of 1/],
  ['a snapshot of a stranger', { signers: { snapshot: [stranger] } }, /snapshot has 0 of 1/],
  ['targets of a stranger', { signers: { targets: [stranger] } }, /targets has 0 of 1/],
  ['a timestamp that is over', { expires: { timestamp: tufNow } }, /timestamp is over since/],
  ['a snapshot that is over', { expires: { snapshot: tufNow } }, /snapshot is over since/],
  ['targets that are over', { expires: { targets: tufNow } }, /targets is over since/],
  ['another file than announced', { served: '{"a":2}' }, /another hash/],
  ['a longer file than announced', { served: '{"a":1} ' }, /another length/],
]
for (const [name, choices, reason] of refusals)
  test(`${name} is refused`, async () => refuses(tufStart(), tufFiles(choices), reason))

for (const role of ['timestamp', 'snapshot', 'targets'] as const)
  test(`an older ${role} than is known is refused`, async () => {
    const all = { timestamp: 5, snapshot: 5, targets: 5 }
    const state = await known({ versions: all })
    const later = { timestamp: 6, snapshot: 6, targets: 6 }
    await refuses(state, tufFiles({ versions: { ...later, [role]: 4 } }), /4 is older than 5/)
    assert.equal((await update(state, tufFiles({ versions: later }))).kind, 'updated')
  })

test('documents that are not there, or are no documents, leave what is known', async () => {
  const state = await known()
  for (const path of tufFiles().keys()) {
    const files = tufFiles()
    files.delete(path)
    await refuses(state, files, /could not be fetched/)
    for (const junk of ['', '{}', '[]', 'null', '{"signed":{},"signatures":[]}', '\u0000'])
      assert.equal((await update(state, files.set(path, Buffer.from(junk)))).kind, 'failed')
  }
})

test('a new root counts where the one before it signs it, and it itself', async () => {
  const own = { root: [tufKey('n1'), tufKey('n2')], online: [tufKey('n3')] }
  const files = tufFiles({}, own)
  const both = [...tufRoles.root, ...own.root]
  for (const signers of [own.root, tufRoles.root, [...own.root, ...tufRoles.root.slice(1)]])
    await refuses(
      tufStart(),
      files.set('2.root.json', tufRoot(2, own, { signers })),
      /root has . of 2/,
    )
  const wrong = tufRoot(3, own, { signers: both })
  await refuses(tufStart(), files.set('2.root.json', wrong), /root 2 says that it is 3/)
  files.set('2.root.json', tufRoot(2, own, { signers: both }))
  const found = await update(tufStart(), files)
  assert.ok(found.kind === 'updated', JSON.stringify(found))
  assert.equal(readDocument('root', found.state.root).version, 2)
})

test('one key under two names is one key', async () => {
  const [first] = tufRoles.root
  assert.ok(first !== undefined)
  const own = { root: [first, { ...first, id: 'r1-again' }], online: tufRoles.online }
  const root = readDocument('root', tufRoot(1, own))
  assert.throws(() => requireSigned(root, keysOf(root, 'root')), /root has 1 of 2/)
})

test('after a lost key was replaced versions begin anew', async () => {
  const state = await known({ versions: { timestamp: 999_999, snapshot: 999_999 } })
  const own = { root: tufRoles.root, online: [tufKey('o2')] }
  const files = tufFiles({}, own).set('2.root.json', tufRoot(2, own))
  assert.equal((await update(state, files)).kind, 'updated')
})

test('a root that is over counts no more, and no answer is taken by it', async () => {
  const root = tufRoot(1, tufRoles, { expires: tufNow })
  await refuses({ root }, tufFiles(), /root is over since/)
})

test('a mirror that never ends to hand out roots is left', async () => {
  let asked = 0
  const found = await updateTuf(tufStart(), {
    fetch: async (path) => {
      asked += 1
      const version = Number(/^(\d+)\.root\.json$/.exec(path)?.[1] ?? 0)
      return Promise.resolve(version === 0 ? undefined : tufRoot(version))
    },
    target: targetName,
    now: tufNow,
  })
  assert.equal(found.kind, 'failed')
  assert.equal(asked, 65)
})

test('what ships is signed by its own keys, and a root that is read', () => {
  const root = readDocument('root', Buffer.from(seed.root, 'base64'))
  requireSigned(root, keysOf(root, 'root'))
  for (const role of ['timestamp', 'snapshot', 'targets'] as const)
    assert.ok(keysOf(root, role).keys.size > 0)
  assert.equal(readTrustedRoot('public', Buffer.from(seed.trustedRoot, 'base64')).kind, 'root')
})
