import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opkg } from './ecosystem.ts'
import { opkgFiles } from './opkg-files.ts'

test('files belong to the package that their list names', () => {
  const text = '/usr/bin/a\n/usr/bin/b\t0120777\t/bin/busybox\nrelative\n/../x\n'
  assert.deepEqual(opkgFiles.extract('usr/lib/opkg/info/busybox.list', Buffer.from(text)), {
    instances: [],
    problems: [],
    owned: [{ owner: 'busybox', paths: ['usr/bin/a', 'usr/bin/b'] }],
  })
  assert.ok(opkgFiles.wants('var/lib/opkg/info/a.list'))
  assert.ok(!opkgFiles.wants('var/lib/opkg/info/a.control'))
})

test('nobody speaks of packages of opkg, and that is said', () => {
  const found = { type: 'opkg', name: 'busybox', version: '1.36.1-r2' }
  const lookup = opkg.lookup(found, { id: 'openwrt', versionId: '23.05.2', idLike: [] })
  assert.ok(lookup.kind === 'unknown' && lookup.reason.includes('for openwrt'))
  assert.equal(opkg.lookup(found, undefined).kind, 'unknown')
  assert.ok(!opkg.ownsAdvisoryEcosystem('OpenWrt'))
})
