import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyInventory } from '../../test/kit/inventories.ts'
import { formatPurl } from '../ecosystems/purl.ts'
import { looksLikeSbom, readSbom, type SbomReading } from './read-sbom.ts'
import { writeCycloneDx } from './write-cyclonedx.ts'
import { writeSpdx } from './write-spdx.ts'

const tool = { name: 'pratique', version: '1.2.3' }
const bom = { bomFormat: 'CycloneDX', specVersion: '1.6' }

function read(document: unknown): SbomReading {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  return readSbom(Buffer.from(text))
}

function readWell(document: unknown): Extract<SbomReading, { readonly kind: 'read' }> {
  const reading = read(document)
  assert.ok(reading.kind === 'read', JSON.stringify(reading).slice(0, 300))
  return reading
}

const refusals: readonly (readonly [name: string, document: unknown, reason: RegExp])[] = [
  ['nothing', '', /not valid JSON/],
  ['noise', 'x', /not valid JSON/],
  ['a list', [], /not a JSON object/],
  ['another document', { name: 'x' }, /neither CycloneDX nor SPDX/],
  ['a version that is not read', { ...bom, specVersion: '1.8' }, /CycloneDX 1\.8/],
  ['SPDX 3', { spdxVersion: 'SPDX-3.0' }, /SPDX-3\.0/],
  ['another XML', '<?xml version="1.0"?><bom/>', /no CycloneDX document/],
  [
    'XML that ends too early',
    '<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><a>',
    /well-formed/,
  ],
  ['an old XML', '<bom xmlns="http://cyclonedx.org/schema/bom/1.1"/>', /CycloneDX 1\.1/],
  ['nesting without end', '['.repeat(100_000), /nested deeper/],
  ['a statement of nothing', { _type: 'https://in-toto.io/Statement/v1' }, /without a predicate/],
  ['an envelope of noise', { payloadType: 'x', payload: '!!!' }, /not valid JSON/],
  ['components in components', nested(200), /nested deeper/],
  [
    'more packages than are read',
    { spdxVersion: 'SPDX-2.3', packages: Array.from({ length: 100_001 }, () => ({})) },
    /more than 100000 packages/,
  ],
]

function nested(depth: number): unknown {
  let component: unknown = { type: 'library', name: 'x' }
  for (let at = 0; at < depth / 2; at += 1) component = { components: [component] }
  return { ...bom, components: [component] }
}

for (const [name, document, reason] of refusals) {
  test(`refuses ${name}`, () => {
    const reading = read(document)
    assert.ok(reading.kind === 'refused')
    assert.match(reading.reason, reason)
  })
}

test('refuses envelopes in envelopes without end', () => {
  let document: unknown = { ...bom }
  for (let at = 0; at < 6; at += 1) document = { dsseEnvelope: document }
  const reading = read(document)
  assert.ok(reading.kind === 'refused')
  assert.match(reading.reason, /envelopes/)
})

test('a component without a package URL, a version or a meaning is counted and named', () => {
  const { components, notes } = readWell({
    ...bom,
    components: [
      { type: 'library', name: 'a', version: '1' },
      { type: 'library', name: 'b', purl: 'pkg:npm/b' },
      { type: 'library', name: 'c', purl: 'no purl' },
      { type: 'file', name: '/etc/passwd' },
      { type: 'application', name: 'package-lock.json' },
      { type: 'container', name: 'x', version: '1', purl: 'pkg:oci/x@sha256:1' },
      { type: 'library', group: 'g', name: 'd', version: '1' },
      'noise',
    ],
  })
  assert.deepEqual(components, [])
  assert.deepEqual(notes, [
    '2 components are not looked at: a component has no package URL ("a", "g/d")',
    '1 component is not looked at: a component has no version ("b")',
    '1 component is not looked at: a component is not a package URL ("c")',
  ])
})

test('what the document says of its own gaps is handed on', () => {
  const { notes } = readWell({
    ...bom,
    metadata: {
      component: { 'bom-ref': 'r', name: 'app' },
      properties: [{ name: 'pratique:coverage', value: 'no rpm' }],
    },
    compositions: [{ aggregate: 'incomplete_first_party_only', assemblies: ['r'] }],
  })
  assert.deepEqual(notes, ['no rpm', 'the document says itself that it is incomplete'])
})

test('packages of another system than the document’s are said and not looked at', () => {
  const deb = (name: string, distro: string): object => ({
    type: 'library',
    name,
    purl: `pkg:deb/debian/${name}@1?distro=${distro}`,
  })
  const { components, distribution, notes } = readWell({
    ...bom,
    components: [deb('a', 'debian-12'), deb('b', 'debian-12.4'), deb('c', 'debian-11')],
  })
  assert.deepEqual(distribution, { id: 'debian', versionId: '12', idLike: [] })
  assert.deepEqual(
    components.map(({ package: it }) => it.name),
    ['a', 'b'],
  )
  assert.deepEqual(notes, [
    '1 component is of another system (debian 11) and were not looked at ("c")',
  ])
})

/** As Syft 1.x and Trivy 0.5x write them. */
const syft = {
  ...bom,
  metadata: { component: { type: 'container', name: 'debian' } },
  components: [
    {
      type: 'library',
      name: 'libssl3',
      version: '3.0.11-1~deb12u2',
      publisher: 'Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>',
      licenses: [{ license: { id: 'Apache-2.0' } }, { expression: 'MIT OR ISC' }],
      purl: 'pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl',
      properties: [
        { name: 'syft:location:0:path', value: '/var/lib/dpkg/status' },
        { name: 'syft:metadata:source', value: 'openssl' },
      ],
    },
    {
      type: 'operating-system',
      name: 'debian',
      version: '12',
      description: 'Debian GNU/Linux 12 (bookworm)',
      properties: [
        { name: 'syft:distro:id', value: 'debian' },
        { name: 'syft:distro:versionID', value: '12' },
        { name: 'syft:distro:versionCodename', value: 'bookworm' },
      ],
    },
  ],
}

const trivy = {
  ...bom,
  components: [
    { type: 'operating-system', name: 'redhat', version: '9.3' },
    {
      type: 'library',
      name: 'perl-libs',
      version: '5.32.1-480.el9',
      supplier: { name: 'Red Hat, Inc.' },
      purl: 'pkg:rpm/redhat/perl-libs@5.32.1-480.el9?arch=x86_64&distro=redhat-9.3&epoch=4',
      properties: [
        { name: 'aquasecurity:trivy:SrcName', value: 'perl' },
        { name: 'aquasecurity:trivy:SrcVersion', value: '5.32.1' },
        { name: 'aquasecurity:trivy:SrcRelease', value: '480.el9' },
        { name: 'aquasecurity:trivy:SrcEpoch', value: '4' },
        { name: 'aquasecurity:trivy:Modularitylabel', value: 'perl:5.32:9000:abc' },
        { name: 'aquasecurity:trivy:FilePath', value: 'var/lib/rpm/rpmdb.sqlite' },
      ],
    },
  ],
}

test('Syft’s properties tell source, place and system', () => {
  const { components, distribution, declared } = readWell(syft)
  assert.deepEqual(
    [declared.format, declared.subject, distribution?.codename],
    ['CycloneDX 1.6', 'debian', 'bookworm'],
  )
  assert.deepEqual(components, [
    {
      package: {
        type: 'deb',
        name: 'libssl3',
        version: '3.0.11-1~deb12u2',
        architecture: 'amd64',
        source: { name: 'openssl', version: '3.0.11-1~deb12u2' },
        vendor: 'Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>',
      },
      release: { id: 'debian', versionId: '12' },
      path: 'var/lib/dpkg/status',
      licenses: ['Apache-2.0', 'MIT OR ISC'],
      isDevelopment: false,
    },
  ])
})

test('Trivy’s properties tell source, epoch, module and system', () => {
  const { components, distribution } = readWell(trivy)
  assert.deepEqual([distribution?.id, distribution?.versionId], ['rhel', '9.3'])
  assert.deepEqual(components[0]?.package, {
    type: 'rpm',
    name: 'perl-libs',
    version: '4:5.32.1-480.el9',
    architecture: 'x86_64',
    source: { name: 'perl', version: '4:5.32.1-480.el9' },
    module: 'perl:5.32',
    vendor: 'Red Hat, Inc.',
  })
  assert.equal(components[0]?.path, 'var/lib/rpm/rpmdb.sqlite')
})

const spdx = {
  spdxVersion: 'SPDX-2.3',
  name: 'app',
  packages: [
    { SPDXID: 'SPDXRef-root', name: 'app', versionInfo: '1' },
    {
      SPDXID: 'SPDXRef-a',
      name: 'libc6',
      versionInfo: '2.36-9+b1',
      supplier: 'Organization: Debian',
      licenseDeclared: 'LGPL-2.1-only',
      sourceInfo: 'built package from: glibc 2.36-9',
      externalRefs: [
        { referenceCategory: 'SECURITY', referenceType: 'cpe23Type', referenceLocator: 'cpe:2.3' },
        {
          referenceCategory: 'PACKAGE-MANAGER',
          referenceType: 'purl',
          referenceLocator: 'pkg:deb/debian/libc6@2.36-9%2Bb1?arch=amd64&distro=debian-12',
        },
      ],
    },
    { SPDXID: 'SPDXRef-b', name: 'x', licenseDeclared: 'NOASSERTION' },
    {
      SPDXID: 'SPDXRef-os',
      name: 'debian',
      versionInfo: '12',
      primaryPackagePurpose: 'OPERATING-SYSTEM',
    },
  ],
  relationships: [
    {
      spdxElementId: 'SPDXRef-DOCUMENT',
      relationshipType: 'DESCRIBES',
      relatedSpdxElement: 'SPDXRef-root',
    },
  ],
}

const tagValue = `# by hand
SPDXVersion: SPDX-2.3
DocumentName: app
PackageName: app
SPDXID: SPDXRef-root
PackageVersion: 1
PackageName: libc6
SPDXID: SPDXRef-a
PackageVersion: 2.36-9+b1
PackageSupplier: Organization: Debian
PackageLicenseDeclared: LGPL-2.1-only
PackageComment: <text>two lines
PackageName: not one
</text>
PackageSourceInfo: <text>built package from: glibc 2.36-9</text>
ExternalRef: SECURITY cpe23Type cpe:2.3
ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/libc6@2.36-9%2Bb1?arch=amd64&distro=debian-12
PackageName: x
SPDXID: SPDXRef-b
FileName: ./a
SPDXID: SPDXRef-file
PackageName: debian
SPDXID: SPDXRef-os
PackageVersion: 12
PrimaryPackagePurpose: OPERATING-SYSTEM
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-root
`

test('SPDX is read the same from JSON and from tag-value', () => {
  for (const document of [spdx, tagValue, `\uFEFF${tagValue}`.replaceAll('\n', '\r\n')]) {
    const { components, distribution, notes, declared } = readWell(document)
    assert.deepEqual([declared.format, declared.subject], ['SPDX-2.3', 'app'])
    assert.deepEqual(distribution, { id: 'debian', versionId: '12', idLike: [] })
    assert.deepEqual(notes, ['1 component is not looked at: a component has no package URL ("x")'])
    assert.deepEqual(components, [
      {
        package: {
          type: 'deb',
          name: 'libc6',
          version: '2.36-9+b1',
          architecture: 'amd64',
          source: { name: 'glibc', version: '2.36-9' },
          vendor: 'Debian',
        },
        release: { id: 'debian', versionId: '12' },
        path: '',
        licenses: ['LGPL-2.1-only'],
        isDevelopment: false,
      },
    ])
  }
})

test('statements, envelopes and bundles are opened, and that nobody verified them is said', () => {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'x',
    predicate: syft,
  }
  const older = { ...statement, predicate: { Data: JSON.stringify(syft) } }
  const envelope = {
    payloadType: 'application/vnd.in-toto+json',
    payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
    signatures: [],
  }
  for (const document of [statement, older, envelope, { dsseEnvelope: envelope }]) {
    const { components, notes } = readWell(document)
    assert.equal(components.length, 1)
    assert.match(notes.join('\n'), /whose signature was not verified/)
  }
})

test('what we write we read again: every package, its system, and what was not seen', () => {
  fc.assert(
    fc.property(anyInventory, (inventory) => {
      const purlsOf = (text: string): readonly string[] => {
        const { declared } = readWell(text)
        const { components } = declared
        const purls = components.map((it) => formatPurl(it.package, inventory.distribution))
        return [...new Set(purls)].toSorted((a, b) => (a < b ? -1 : 1))
      }
      const cycloneDx = writeCycloneDx(inventory, tool)
      const { declared } = readWell(cycloneDx)
      assert.equal(declared.refused.length, 0)
      assert.deepEqual(declared.distribution?.id, inventory.distribution?.id)
      assert.ok(inventory.gaps.length <= declared.gaps.length)
      assert.deepEqual(purlsOf(writeSpdx(inventory, tool)), purlsOf(cycloneDx))
    }),
  )
})

test('no document makes the reader throw, whatever was changed in it', () => {
  const originals = [syft, trivy, spdx].map((document) => JSON.stringify(document))
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('', 'pkg:', null))
  fc.assert(
    fc.property(fc.constantFrom(...originals), fc.nat(), value, (text, at, other) => {
      const members = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?!:)|\[|\{/g)]
      const member = members[at % members.length]
      const [found, index] = [member?.[0] ?? '', member?.index ?? 0]
      const changed =
        text.slice(0, index) + JSON.stringify(other) + text.slice(index + found.length)
      void read(changed)
      void read(text.slice(0, at % text.length))
    }),
    { numRuns: 500 },
  )
  const lines = tagValue.split('\n')
  fc.assert(
    fc.property(fc.shuffledSubarray(lines), fc.string(), (some, noise) => {
      void read(['SPDXVersion: SPDX-2.3', ...some, `ExternalRef: ${noise}`, '<text>'].join('\n'))
    }),
  )
})

test('the content tells a document from an archive', () => {
  const is = (text: string | Buffer): boolean => looksLikeSbom(Buffer.from(text))
  assert.ok(is(' \n{"bomFormat"'))
  assert.ok(is('\uFEFF{'))
  assert.ok(is('<?xml'))
  assert.ok(is('# comment\nSPDXVersion: SPDX-2.2'))
  for (const other of ['', 'bin/', Buffer.from([0x1f, 0x8b]), `{${'\0'.repeat(600)}`])
    assert.ok(!is(other))
})

test('reads CycloneDX in XML as the same document in JSON', () => {
  const component = {
    type: 'library',
    'bom-ref': 'a',
    publisher: 'somebody',
    group: '@a',
    name: 'b & c',
    version: '1.0',
    licenses: [{ license: { id: 'MIT' } }, { expression: 'MIT OR ISC' }],
    purl: 'pkg:npm/%40a/b@1.0',
    properties: [{ name: 'syft:location:0:path', value: '/app/x' }],
    components: [{ type: 'library', name: 'd', version: '2', purl: 'pkg:npm/d@2' }],
  }
  const json = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    metadata: { component: { type: 'container', name: 'app', 'bom-ref': 'root' } },
    components: [
      component,
      { type: 'operating-system', name: 'debian', version: '12' },
      { type: 'library', scope: 'excluded', name: 'e', version: '3', purl: 'pkg:npm/e@3' },
      { type: 'library', name: 'no purl', version: '4' },
    ],
    compositions: [{ aggregate: 'incomplete', assemblies: ['root'] }],
  }
  const body = `<metadata><component type="container" bom-ref="root"><name>app</name></component></metadata>
  <components>
    <component type="library" bom-ref="a">
      <publisher>somebody</publisher><group>@a</group><name>b &amp; c</name><version>1.0</version>
      <licenses><license><id>MIT</id></license><expression>MIT OR ISC</expression></licenses>
      <purl>pkg:npm/%40a/b@1.0</purl>
      <components><component type="library"><name>d</name><version>2</version><purl>pkg:npm/d@2</purl></component></components>
      <properties><property name="syft:location:0:path">/app/x</property></properties>
    </component>
    <component type="operating-system"><name>debian</name><version>12</version></component>
    <component type="library"><name>e</name><version>3</version><scope>excluded</scope><purl><![CDATA[pkg:npm/e@3]]></purl></component>
    <component type="library"><name>no purl</name><version>4</version></component>
  </components>
  <compositions><composition><aggregate>incomplete</aggregate><assemblies><assembly ref="root"/></assemblies></composition></compositions>`
  const expected = readWell(json)
  const namespace = 'http://cyclonedx.org/schema/bom/1.5'
  const prefixed = body.replaceAll(/<(\/?)(?=[a-z])/g, '<$1x:')
  for (const xml of [
    `<?xml version="1.0" encoding="UTF-8"?>\n<bom xmlns="${namespace}" version="1">${body}</bom>`,
    `<x:bom xmlns:x="${namespace}">${prefixed}</x:bom>`,
  ])
    assert.deepEqual(readWell(xml), expected)
})

test('no XML makes the reader throw', () => {
  const piece = fc.constantFrom(
    '<bom xmlns="http://cyclonedx.org/schema/bom/1.6">',
    '<components>',
    '<component type="library">',
    '<purl>',
    'pkg:npm/a@1',
    '</purl>',
    '</component>',
    '</components>',
    '</bom>',
    '<![CDATA[',
    '&amp;',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) => {
      void read(`<bom xmlns="http://cyclonedx.org/schema/bom/1.6">${pieces.join('')}`)
    }),
  )
})
