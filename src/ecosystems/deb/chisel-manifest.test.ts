import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { chiselManifest } from './chisel-manifest.ts'

const path = 'var/lib/chisel/manifest.wall'

function wall(...entries: readonly object[]): Buffer {
  const header = { jsonwall: '1.0', schema: '1.0', count: entries.length + 1 }
  return zstdCompressSync([header, ...entries].map((entry) => JSON.stringify(entry)).join('\n'))
}

test('files belong to the package from whose slice they were taken, folders to nobody', () => {
  const { owned, problems } = chiselManifest.extract(
    path,
    wall(
      { kind: 'content', slice: 'libc6_libs', path: '/usr/lib/libc.so.6' },
      { kind: 'content', slice: 'libc6_config', path: '/etc/ld.so.conf' },
      { kind: 'content', slice: 'libc6_libs', path: '/usr/lib/' },
      { kind: 'content', slice: '_evil', path: '/usr/bin/x' },
      { kind: 'content', slice: 'evil_a', path: '/../etc/shadow' },
      { kind: 'content', slice: 7, path: null },
      { kind: 'path', path: '/usr/bin/y', slices: ['a_b'] },
    ),
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(owned, [{ owner: 'libc6', paths: ['usr/lib/libc.so.6', 'etc/ld.so.conf'] }])
})

test('a manifest that unpacks to more than any has is refused', () => {
  const bomb = zstdCompressSync(Buffer.alloc(300 * 1024 * 1024))
  const { instances, problems } = chiselManifest.extract(path, bomb)
  assert.deepEqual(instances, [])
  assert.match(problems[0]?.reason ?? '', /cannot be decompressed/)
})
