import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPurl } from '../purl.ts'
import { ebuild } from './ecosystem.ts'
import { portageContents } from './portage-contents.ts'

const folder = 'var/db/pkg/dev-perl/Getopt-Long-2.580.0-r1'

test('files and links belong to the package that their folder names', () => {
  const text = [
    'dir /usr',
    'obj /usr/lib/a b.pm d41d8cd98f00b204e9800998ecf8427e 1700000000',
    'sym /usr/lib/link -> /usr/lib/a b.pm 1700000000',
    'obj /../etc/shadow d41d8cd98f00b204e9800998ecf8427e 1700000000',
    'obj /no-checksum',
    'sym /no-target',
    'obj relative d41d8cd98f00b204e9800998ecf8427e 1',
  ].join('\n')
  assert.deepEqual(portageContents.extract(`${folder}/CONTENTS`, Buffer.from(text)), {
    instances: [],
    problems: [],
    owned: [{ owner: 'dev-perl/Getopt-Long', paths: ['usr/lib/a b.pm', 'usr/lib/link'] }],
  })
  const nobody = portageContents.extract('var/db/pkg/a/noversion/CONTENTS', Buffer.from(text))
  assert.equal(nobody.owned, undefined)
})

test('the category of a package is the namespace of its purl', () => {
  const found = { type: 'ebuild', name: 'dev-perl/Getopt-Long', version: '2.580.0' }
  assert.equal(formatPurl(found, undefined), 'pkg:ebuild/dev-perl/Getopt-Long@2.580.0')
})

test('nobody speaks of packages of Gentoo, and that is said', () => {
  const found = { type: 'ebuild', name: 'dev-libs/openssl', version: '3.0' }
  const lookup = ebuild.lookup(found, { id: 'gentoo', versionId: '2.14', idLike: [] })
  assert.ok(lookup.kind === 'unknown' && lookup.reason.includes('for gentoo'))
  assert.equal(ebuild.lookup(found, undefined).kind, 'unknown')
  assert.ok(!ebuild.ownsAdvisoryEcosystem('Gentoo'))
})
