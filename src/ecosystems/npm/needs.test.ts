import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, findExtractor, ownCases } from '../../../test/kit/extractor-cases.ts'
import type { PackageInstance } from '../ecosystem.ts'
import { namePlaces, nodeModulesPlaces, resolveNeeds } from './needs.ts'

function instancesOf(beginning: string): readonly PackageInstance[] {
  const found = ownCases().find(({ name }) => name.startsWith(beginning))
  assert.ok(found !== undefined, beginning)
  return findExtractor(found.extractor).extract(found.path, bytesOf(found.file)).instances
}

test('a lock file of every kind tells which version of a package another one needs', () => {
  const files = [
    'package-lock.json of version 1',
    'package-lock.json of version 2',
    'package-lock.json of version 3',
    'yarn.lock of yarn 1',
    'yarn.lock of yarn 4',
    'pnpm-lock.yaml of version 5.4',
    'pnpm-lock.yaml of version 6.0',
    'pnpm-lock.yaml of version 9.0',
    'bun.lock',
  ]
  for (const file of files) {
    const debug = instancesOf(file).find((it) => it.package.name === 'debug')
    const needs = debug?.dependsOn ?? []
    assert.ok(needs.includes('ms@2.1.2'), `${file}: ${needs.join(' ')}`)
    assert.ok(!needs.includes('ms@2.0.0'), file)
  }
})

test('licences are told as the files have them, in all forms that npm wrote', () => {
  const [lodash] = instancesOf('package.json: licences')
  assert.deepEqual([lodash?.licenses, lodash?.dependsOn], [['MIT'], ['a']])
  const locked = instancesOf('package-lock.json of version 3')
  assert.deepEqual(locked.find((it) => it.package.name === 'lodash')?.licenses, ['MIT'])
  const text = '{"name":"a","version":"1.0.0","licenses":[{"type":"MIT"},"ISC",7]}'
  const { instances } = findExtractor('npm-node-modules').extract(
    'node_modules/a/package.json',
    Buffer.from(text),
  )
  assert.deepEqual(instances[0]?.licenses, ['MIT', 'ISC'])
})

test('the nearest copy upwards is taken, also from a workspace and for scopes', () => {
  const places = ['node_modules/@s/b', 'node_modules/a/node_modules/@s/b', 'node_modules/c']
  const find = resolveNeeds(new Map(places.map((place) => [place, place])), nodeModulesPlaces)
  assert.equal(find('node_modules/a', '@s/b'), 'node_modules/a/node_modules/@s/b')
  assert.equal(find('node_modules/a/node_modules/@s/b', 'c'), 'node_modules/c')
  assert.equal(find('node_modules/@s/b', 'a'), undefined)
  assert.equal(find('packages/x', '@s/b'), 'node_modules/@s/b')
  assert.equal(find('', 'c'), 'node_modules/c')
  const short = resolveNeeds(new Map(['a', '@s/b', '@s/b/a'].map((it) => [it, it])), namePlaces)
  assert.equal(short('@s/b', 'a'), '@s/b/a')
  assert.equal(short('c/@s/d', 'a'), 'a')
})

test('a place of absurd depth or length is given up, not climbed', () => {
  const find = resolveNeeds(new Map([['node_modules/a', 1]]), nodeModulesPlaces)
  assert.equal(find('x/'.repeat(3000), 'a'), undefined)
  const long = 'x'.repeat(60_000_000)
  assert.equal(find(long, 'b'), undefined)
  assert.equal(find('', 'a'), 'node_modules/a')
  find(long, 'b')
  assert.equal(find('', 'a'), undefined)
})
