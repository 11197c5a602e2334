import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { loggedPath } from './logged-path.ts'

const token = 'QUFBQUFBQUFBQUFBQUFB'

const hidden: readonly (readonly [target: string, logged: string])[] = [
  [`/downloads/${token}`, '/downloads/…'],
  [`/downloads/${token}?x=1`, '/downloads/…'],
  [`//downloads/${token}`, '//downloads/…'],
  [`/%64ownloads/${token}`, '/%64ownloads/…'],
  [`/DOWNLOADS/${token}`, '/DOWNLOADS/…'],
  [`/%/${token}`, '/%/…'],
  [`/admission/0123.${token}/validate`, '/admission/…'],
  [`/%61dmission/0123.${token}/mutate`, '/%61dmission/…'],
  [`http://host/downloads/${token}`, 'http://host/downloads/…'],
  [`/v2/?X-Amz-Security-Token=${token}`, '/v2/'],
  [`/#${token}`, '/'],
  [`?${token}`, ''],
]
for (const [target, logged] of hidden) {
  test(`of ${target} the log has ${logged}`, () => assert.equal(loggedPath(target), logged))
}

for (const path of [
  '/',
  '',
  '/downloads',
  '/v2/team/app/manifests/v1',
  '/v2/downloads/tags/list',
]) {
  test(`of ${JSON.stringify(path)} the log has all`, () => assert.equal(loggedPath(path), path))
}

test('no query is ever told, and nothing longer than a kilobyte', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (path, query) => {
      const logged = loggedPath(`${path}?${query}`)
      assert.ok(logged.length <= 1026)
      assert.ok(!logged.includes('?'))
    }),
  )
})
