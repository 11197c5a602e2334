import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownedPath } from './owned-path.ts'

test('paths of package databases become paths below the root, or nothing', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['/../etc/passwd', undefined],
    ['usr/../../etc', undefined],
    ['a//b', undefined],
    ['a/./b', undefined],
    ['/.', undefined],
    ['/', undefined],
    ['', undefined],
    ['a\0b', undefined],
    [`/${'x/'.repeat(2100)}`, undefined],
    // Would be walked once for each of its slashes.
    [`/a${'/'.repeat(4_000_000)}b`, undefined],
    ['/usr/bin/env', 'usr/bin/env'],
    ['./usr/bin/env', 'usr/bin/env'],
    ['usr/lib/', 'usr/lib'],
    ['/.dockerenv', '.dockerenv'],
    ['/usr/share/...', 'usr/share/...'],
    ['usr/share/a..b', 'usr/share/a..b'],
  ]
  for (const [text, expected] of cases) assert.equal(ownedPath(text), expected, text.slice(0, 40))
})
