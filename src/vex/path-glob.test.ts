import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchesPath } from './path-glob.ts'

test('a star stays within a segment, two as a segment span any number', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['app/*', 'app/a/b', false],
    ['app', 'app/a', false],
    ['app/**/b', 'app/c', false],
    ['*.jar', 'lib/a.jar', false],
    ['a?c', 'a/c', false],
    ['', 'a', false],
    ['app/*', 'app/a', true],
    ['/app/*', 'app/a', true],
    ['app/*', '/app/a', true],
    ['app/**', 'app/a/b/c', true],
    ['app/**', 'app', true],
    ['app/**/b', 'app/b', true],
    ['app/**/b', 'app/x/y/b', true],
    ['**/node_modules/*/package.json', 'a/b/node_modules/x/package.json', true],
    ['**/node_modules/*/package.json', 'node_modules/x/node_modules/y/package.json', true],
    ['lib/*-1.?.jar', 'lib/log4j-core-1.2.jar', true],
    ['a*b*c', 'aXbYbZc', true],
  ]
  for (const [pattern, path, expected] of cases)
    assert.equal(matchesPath(pattern, path), expected, `${pattern} on ${path}`)
})

test('a path without wildcards matches itself and no other', () => {
  const segment = fc.stringMatching(/^[a-z]{1,3}$/)
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  fc.assert(fc.property(path, path, (a, b) => matchesPath(a, b) === (a === b)))
  fc.assert(fc.property(path, path, (a, b) => matchesPath(`${a}/**`, `${a}/${b}`)))
})

test('many stars against a long path that nearly matches come to an end', () => {
  const pattern = `${'*a'.repeat(200)}b`
  assert.equal(matchesPath(pattern, 'a'.repeat(4000)), false)
  assert.equal(matchesPath(`${'**/a/'.repeat(200)}b`, `${'a/'.repeat(2000)}a`), false)
})
