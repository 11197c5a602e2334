import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparePackages, type PlacedPackage } from './compare-packages.ts'

function at(path: string, type: string, name: string, version: string): PlacedPackage {
  return { package: { type, name, version }, path }
}

test('the same packages, however their names and versions are spelled, do not differ', () => {
  const found = [at('a', 'pypi', 'Flask_Login', '1.0'), at('b', 'npm', 'x', '1.0.0')]
  const declared = [at('', 'pypi', 'flask-login', '1.0.0'), at('', 'npm', 'x', '1.0.0')]
  assert.deepEqual(comparePackages(declared, found), {
    same: 2,
    declaredOnly: [],
    foundOnly: [],
    otherVersions: [],
  })
})

test('what only one side has is told apart, with its places', () => {
  const { declaredOnly, foundOnly } = comparePackages(
    [at('x/a', 'npm', 'gone', '1.0.0')],
    [at('y/b', 'npm', 'hidden', '2.0.0'), at('y/a', 'npm', 'hidden', '2.0.0')],
  )
  assert.deepEqual(declaredOnly, [{ purl: 'pkg:npm/gone@1.0.0', paths: ['x/a'] }])
  assert.deepEqual(foundOnly, [{ purl: 'pkg:npm/hidden@2.0.0', paths: ['y/a', 'y/b'] }])
})

test('another version of a package is told as that, not as one gone and one hidden', () => {
  const compared = comparePackages(
    [at('l', 'npm', 'lodash', '4.17.21'), at('l', 'npm', 'lodash', '3.0.0')],
    [at('l', 'npm', 'lodash', '4.17.20'), at('k', 'npm', 'lodash', '3.0.0')],
  )
  assert.equal(compared.same, 1)
  assert.deepEqual(compared.otherVersions, [
    {
      declared: [{ purl: 'pkg:npm/lodash@4.17.21', paths: ['l'] }],
      found: [{ purl: 'pkg:npm/lodash@4.17.20', paths: ['l'] }],
    },
  ])
})

test('versions without an order are the same where their texts are', () => {
  const compared = comparePackages([at('', 'npm', 'x', 'latest')], [at('', 'npm', 'x', 'latest')])
  assert.equal(compared.same, 1)
  assert.equal(
    comparePackages([at('', 'npm', 'x', 'latest')], [at('', 'npm', 'x', 'next')]).otherVersions
      .length,
    1,
  )
})
