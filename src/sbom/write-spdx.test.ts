import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListedPackage, SbomInventory } from './inventory.ts'
import { writeSpdx } from './write-spdx.ts'

const tool = { name: 'pratique', version: '1.2.3' }
const digest = `sha256:${'a'.repeat(64)}`
const libc: ListedPackage = {
  package: {
    type: 'deb',
    name: 'libc6',
    version: '2.36-9+deb12u3',
    architecture: 'amd64',
    source: { name: 'glibc', version: '2.36-9+deb12u3' },
    vendor: 'GNU Libc Maintainers <debian-glibc@lists.debian.org>',
  },
  path: 'var/lib/dpkg/status',
  evidence: 'installed',
  extractorId: 'dpkg-status',
  layerDigest: digest,
  licenses: ['LGPL-2.1-or-later', 'our own'],
}

interface Written {
  readonly [name: string]: unknown
  readonly packages: readonly Readonly<Record<string, unknown>>[]
  readonly hasExtractedLicensingInfos: readonly { licenseId: string; extractedText: string }[]
}

function write(more: Partial<SbomInventory> = {}): Written {
  return JSON.parse(
    writeSpdx(
      {
        subject: { name: 'team/app', digest, repositoryUrl: 'registry.example.com/team/app' },
        distribution: { id: 'debian', versionId: '12', idLike: [] },
        packages: [libc],
        gaps: [],
        scannedAt: new Date('2026-11-26T10:51:07.891Z'),
        ...more,
      },
      tool,
    ),
  ) as Written
}

test('the document describes the image, which contains its system and its packages', () => {
  const { relationships, packages, SPDXID, dataLicense, creationInfo } = write()
  assert.deepEqual([SPDXID, dataLicense], ['SPDXRef-DOCUMENT', 'CC0-1.0'])
  assert.deepEqual(creationInfo, {
    created: '2026-11-26T10:51:07Z',
    creators: ['Tool: pratique-1.2.3'],
  })
  assert.deepEqual(
    packages.map((it) => [it['name'], it['primaryPackagePurpose']]),
    // As the JSON schema spells them: with an underscore, other than the text of the specification.
    [
      ['team/app', 'CONTAINER'],
      ['debian', 'OPERATING_SYSTEM'],
      ['libc6', 'LIBRARY'],
    ],
  )
  const ids = packages.map((it) => String(it['SPDXID']))
  assert.deepEqual(relationships, [
    {
      spdxElementId: 'SPDXRef-DOCUMENT',
      relationshipType: 'DESCRIBES',
      relatedSpdxElement: ids[0],
    },
    { spdxElementId: ids[0], relationshipType: 'CONTAINS', relatedSpdxElement: ids[1] },
    { spdxElementId: ids[0], relationshipType: 'CONTAINS', relatedSpdxElement: ids[2] },
  ])
})

test('a package has its purl, its supplier, how it was found; a licence of no list is defined', () => {
  const { packages, hasExtractedLicensingInfos } = write()
  const [defined] = hasExtractedLicensingInfos
  assert.equal(defined?.extractedText, 'our own')
  const { SPDXID: _id, ...rest } = packages[2] ?? {}
  assert.deepEqual(rest, {
    supplier: 'Organization: GNU Libc Maintainers',
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    name: 'libc6',
    versionInfo: '2.36-9+deb12u3',
    primaryPackagePurpose: 'LIBRARY',
    licenseDeclared: `LGPL-2.1-or-later AND ${defined?.licenseId}`,
    sourceInfo: `installed: found by dpkg-status in "var/lib/dpkg/status"; layer ${digest}; source package glibc 2.36-9+deb12u3`,
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator:
          'pkg:deb/debian/libc6@2.36-9%2Bdeb12u3?arch=amd64&distro=debian-12&upstream=glibc',
      },
    ],
  })
})

test('the image has the digest of its manifest as its checksum, and its purl', () => {
  const [root] = write().packages
  assert.deepEqual(root?.['checksums'], [{ algorithm: 'SHA256', checksumValue: 'a'.repeat(64) }])
  assert.match(
    JSON.stringify(root),
    /pkg:oci\/app@sha256%3Aa+\?repository_url=registry\.example\.com%2Fteam%2Fapp/,
  )
  const [directory] = write({ subject: { name: 'files' } }).packages
  assert.deepEqual(
    [directory?.['primaryPackagePurpose'], directory?.['checksums']],
    ['FILE', undefined],
  )
})
