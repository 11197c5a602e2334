// An image of Bitnami's, scanned with Bitnami's own records.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advisoryRecords } from '../../test/kit/advisory-data.ts'
import { importRecords } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { dpkg, osRelease, scan, scanPlace } from '../../test/kit/scanning.ts'

function document(name: string, version: string): string {
  const packages = [
    {
      SPDXID: `SPDXRef-${name}`,
      name,
      versionInfo: version,
      externalRefs: [
        {
          referenceType: 'purl',
          referenceLocator: `pkg:bitnami/${name}@${version}?arch=amd64&distro=debian-12`,
        },
      ],
    },
  ]
  return JSON.stringify({ spdxVersion: 'SPDX-2.3', packages })
}

test('components below opt/bitnami are judged by Bitnami’s records, to the revision', async (t) => {
  const records = await advisoryRecords(t, 'bitnami')
  if (records === undefined) return
  const place = await scanPlace(t)
  await importRecords(
    place,
    records.filter(({ id }) => /^BIT-(?:pgpool-2025-22248|wordpress-2025-41240)$/.test(id)),
  )
  const layer = layerOf({
    'etc/os-release': osRelease.debian12,
    'var/lib/dpkg/status': dpkg(['base-files', '12.4']),
    'opt/bitnami/pgpool/.spdx-pgpool.spdx': document('pgpool', '4.6.0-0'),
    'opt/bitnami/wordpress/.spdx-wordpress.spdx': document('wordpress', '6.8.2-1'),
    'opt/bitnami/common/.spdx-gosu.spdx': document('gosu', '1.17.0-4'),
  })
  const { findings, scan: found } = await scan(place, { layers: [layer] })
  assert.deepEqual(
    findings.map((finding) => [
      finding.vulnerability,
      finding.package.name,
      finding.package.version,
      finding.fixedVersion,
    ]),
    [['CVE-2025-22248', 'pgpool', '4.6.0-0', '4.6.0-1']],
  )
  assert.match(JSON.stringify(found), /no records of its component gosu/)
})
