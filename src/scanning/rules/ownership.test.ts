import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Package } from '../../ecosystems/ecosystem.ts'
import { applyLayer, newTree } from './layer-tree.ts'
import { answersFor, isOwnLibrary, ownersOf, type LayerReading } from './ownership.ts'

const library: Package = { type: 'apk', name: 'py3-x', version: '1-r0', architecture: 'x86_64' }

const unfollowed = (): undefined => undefined

function reading(owner: string, paths: readonly string[]): LayerReading {
  return {
    extractorId: 'apk-installed',
    instances: [{ package: library, path: 'lib/apk/db/installed', evidence: 'installed' }],
    layer: 3,
    owned: [{ owner, paths }],
  }
}

function treeWithLink(): ReturnType<typeof newTree> {
  const root = newTree()
  const entries = [
    { kind: 'directory', path: 'usr/lib' },
    { kind: 'symlink', path: 'lib', target: 'usr/lib', wantedBy: [] },
  ] as const
  applyLayer(root, { removals: [], files: [], tree: entries }, 0)
  return root
}

test('a file belongs to the package that lists it, by the path without links on the way', () => {
  const owners = ownersOf(treeWithLink(), [reading('py3-x', ['lib/x/METADATA', 'top'])], unfollowed)
  assert.deepEqual(
    [...owners],
    [
      ['usr/lib/x/METADATA', { package: library, layer: 3 }],
      ['top', { package: library, layer: 3 }],
    ],
  )
})

test('an owner may be named with its architecture', () => {
  const owners = ownersOf(newTree(), [reading('py3-x:x86_64', ['a'])], unfollowed)
  assert.equal(owners.get('a')?.package, library)
})

test('files of a package that the database does not list as installed have no owner', () => {
  assert.equal(ownersOf(newTree(), [reading('gone', ['a'])], unfollowed).size, 0)
})

test('a reading of nobody we know owns nothing', () => {
  const unknown = { ...reading('py3-x', ['a']), extractorId: 'of-no-ecosystem' }
  assert.equal(ownersOf(newTree(), [unknown], unfollowed).size, 0)
})

const alpine = { id: 'alpine', versionId: '3.20.1', idLike: [] }
const nobody = { id: 'nobody', idLike: [] }

test('an owner does not answer for a file that a later layer wrote, nor where nobody speaks of it', () => {
  const owner = { package: library, layer: 3 }
  assert.equal(answersFor(owner, { layer: 4 }, alpine), false)
  assert.equal(answersFor(owner, { layer: 3 }, nobody), false)
  assert.equal(answersFor(owner, { layer: 3 }, undefined), false)
  const strange = { package: { ...library, type: 'of-no-ecosystem' }, layer: 3 }
  assert.equal(answersFor(strange, { layer: 3 }, alpine), false)
  for (const layer of [0, 3]) assert.equal(answersFor(owner, { layer }, alpine), true)
})

test('a list of files that is newer than its package gives it no newer files', () => {
  const owners = ownersOf(newTree(), [reading('py3-x', ['a'])], () => 1)
  assert.equal(owners.get('a')?.layer, 1)
})

test('a library that a later layer wrote is the owner’s in the owner’s own version only', () => {
  const source = { name: 'x', version: '2.31.0-1' }
  const owner = {
    package: { ...library, version: '1:2.28.1+dfsg-1', source },
    layer: 1,
  }
  const cases: readonly (readonly [layer: number, version: string, expected: boolean])[] = [
    [0, '1.0', true],
    [1, '1.0', true],
    [2, '2.28.1', true],
    [2, 'v2.31.0', true],
    [2, '2.28.0', false],
    [2, '2.28', false],
  ]
  for (const [layer, version, expected] of cases)
    assert.equal(isOwnLibrary(owner, { layer, version }), expected, `${layer} ${version}`)
})
