import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Package } from '../../ecosystems/ecosystem.ts'
import type { FileExtraction } from './layer-contents.ts'
import { applyLayer, newTree } from './layer-tree.ts'
import { ownersOf } from './ownership.ts'

const library: Package = { type: 'apk', name: 'py3-x', version: '1-r0', architecture: 'x86_64' }

function reading(owner: string, paths: readonly string[]): FileExtraction {
  return {
    extractorId: 'apk-installed',
    instances: [{ package: library, path: 'lib/apk/db/installed', evidence: 'installed' }],
    problems: [],
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
      ['usr/lib/x/METADATA', library],
      ['top', library],
    ],
  )
})

test('an owner may be named with its architecture', () => {
  const owners = ownersOf(newTree(), [reading('py3-x:x86_64', ['a'])])
  assert.equal(owners.get('a'), library)
})

test('files of a package that the database does not list as installed have no owner', () => {
  assert.equal(ownersOf(newTree(), [reading('gone', ['a'])]).size, 0)
})

test('a reading of nobody we know owns nothing', () => {
  const unknown = { ...reading('py3-x', ['a']), extractorId: 'of-no-ecosystem' }
  assert.equal(ownersOf(newTree(), [unknown]).size, 0)
})
