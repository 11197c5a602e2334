import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Package } from '../../ecosystems/ecosystem.ts'
import { applyLayer, newTree } from './layer-tree.ts'
import { answersFor, ownersOf, type LayerReading } from './ownership.ts'

const library: Package = { type: 'apk', name: 'py3-x', version: '1-r0', architecture: 'x86_64' }

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
  const owners = ownersOf(treeWithLink(), [reading('py3-x', ['lib/x/METADATA', 'top'])])
  assert.deepEqual(
    [...owners],
    [
      ['usr/lib/x/METADATA', { package: library, layer: 3 }],
      ['top', { package: library, layer: 3 }],
    ],
  )
})

test('an owner may be named with its architecture', () => {
  const owners = ownersOf(newTree(), [reading('py3-x:x86_64', ['a'])])
  assert.equal(owners.get('a')?.package, library)
})

test('files of a package that the database does not list as installed have no owner', () => {
  assert.equal(ownersOf(newTree(), [reading('gone', ['a'])]).size, 0)
})

test('a reading of nobody we know owns nothing', () => {
  const unknown = { ...reading('py3-x', ['a']), extractorId: 'of-no-ecosystem' }
  assert.equal(ownersOf(newTree(), [unknown]).size, 0)
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
