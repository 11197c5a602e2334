import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dpkgFiles } from './dpkg-files.ts'

const info = 'var/lib/dpkg/info'

test('a list of files names its package, with the architecture where it has one', () => {
  const text = '/.\n/usr\n/usr/lib\n/usr/lib/python3/dist-packages/six.py\n'
  assert.deepEqual(dpkgFiles.extract(`${info}/python3-six.list`, Buffer.from(text)), {
    instances: [],
    problems: [],
    owned: [
      {
        owner: 'python3-six',
        paths: ['usr', 'usr/lib', 'usr/lib/python3/dist-packages/six.py'],
      },
    ],
  })
  const { owned } = dpkgFiles.extract(`${info}/libc6:amd64.list`, Buffer.from('/lib/a\n'))
  assert.deepEqual(owned, [{ owner: 'libc6:amd64', paths: ['lib/a'] }])
})

test('checksums of distroless name files below the root', () => {
  const text =
    '07d31e7e63800ab1b7966980709c51eb  usr/lib/os-release\n0a540d50c157ed0070459b82c358a05a *./usr/lib/a b\nnonsense\n'
  const { owned } = dpkgFiles.extract('var/lib/dpkg/status.d/base-files.md5sums', Buffer.from(text))
  assert.deepEqual(owned, [{ owner: 'base-files', paths: ['usr/lib/os-release', 'usr/lib/a b'] }])
})

test('paths that lead out of the root, or are none, belong to nobody', () => {
  const text = '/../etc/shadow\nusr/relative\n\n/ok\n\u0000\n/a/../b\n'
  const { owned, problems } = dpkgFiles.extract(`${info}/x.list`, Buffer.from(text))
  assert.deepEqual(owned, [{ owner: 'x', paths: ['ok'] }])
  assert.deepEqual(problems, [])
})

test('more files than any package has are a problem, and the first ones count', () => {
  const { owned, problems } = dpkgFiles.extract(
    `${info}/x.list`,
    Buffer.from('/a\n'.repeat(1_000_001)),
  )
  assert.equal(owned?.[0]?.paths.length, 1_000_000)
  assert.match(problems[0]?.reason ?? '', /more than 1000000 files/)
})

test('only lists and distroless’s checksums are wanted', () => {
  for (const path of [`${info}/a.list`, `usr/${info}/a.list`, 'var/lib/dpkg/status.d/a.md5sums'])
    assert.ok(dpkgFiles.wants(path), path)
  for (const path of [`${info}/a.md5sums`, `${info}/a/b.list`, `x/${info}/a.list`, `${info}/.list`])
    assert.ok(!dpkgFiles.wants(path), path)
})
