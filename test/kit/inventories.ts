// Inventories of images that never were, for the writers and readers of bills of materials.
import fc from 'fast-check'
import type { Package } from '../../src/ecosystems/ecosystem.ts'
import { severities } from '../../src/ecosystems/severity.ts'
import type { ListedFinding, ListedPackage, SbomInventory } from '../../src/sbom/inventory.ts'

const layer = `sha256:${'1'.repeat(64)}`
/** Names that meet one another, and text that no name should be. */
const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'libc6', '@scope/x', 'org.x:y') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }) },
)
const version = fc.oneof(
  fc.constantFrom('1.0', '1:2.36-9+deb12u3', '2~rc1'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
)
const licence = fc.oneof(
  fc.constantFrom(
    'MIT',
    'mit',
    'Apache-2.0 OR MIT',
    'GPL-2.0+',
    'BSD',
    'see LICENSE',
    'MIT OR',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
)

export const anyPackage: fc.Arbitrary<Package> = fc
  .tuple(
    fc.record({ type: fc.constantFrom('deb', 'apk', 'npm', 'pypi', 'other'), name, version }),
    fc.record(
      {
        architecture: fc.constantFrom('amd64', 'all'),
        source: fc.record({ name, version }),
        vendor: fc.string({ maxLength: 20 }),
        namespace: fc.constantFrom('debian', 'a/b'),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([needed, more]) => ({ ...needed, ...more }))

const listed: fc.Arbitrary<ListedPackage> = fc
  .tuple(
    fc.record({
      package: anyPackage,
      path: fc.oneof(
        fc.constantFrom('app/lock', 'var/lib/dpkg/status'),
        fc.string({ unit: 'binary' }),
      ),
      evidence: fc.constantFrom('installed' as const, 'declared' as const, 'recognised' as const),
      extractorId: fc.constant('some-reader'),
      layerDigest: fc.constant(layer),
    }),
    fc.record(
      {
        licenses: fc.array(licence, { maxLength: 3 }),
        dependsOn: fc.array(
          fc.oneof(
            name,
            fc.tuple(name, version).map((both) => both.join('@')),
          ),
          {
            maxLength: 4,
          },
        ),
        isDevelopment: fc.boolean(),
        owner: anyPackage,
        passedOver: fc.constantFrom('development', 'owned'),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([needed, more]) => ({ ...needed, ...more }))

const finding: fc.Arbitrary<ListedFinding> = fc.record({
  vulnerability: fc.constantFrom('CVE-2026-0001', 'GHSA-x'),
  aliases: fc.array(fc.string(), { maxLength: 2 }),
  url: fc.oneof(fc.webUrl(), fc.string()),
  verdict: fc.constantFrom('affected' as const, 'unknown' as const),
  severity: fc.constantFrom(...severities),
  severitySource: fc.option(fc.constant('CVSS 3.1'), { nil: undefined }),
  score: fc.option(fc.double({ min: 0, max: 10, noNaN: true }), { nil: undefined }),
  vector: fc.option(fc.constantFrom('CVSS:3.1/AV:N', 'AV:N/AC:L', 'x'), { nil: undefined }),
  fixedVersion: fc.option(version, { nil: undefined }),
  summary: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
  advisory: fc.record({ id: fc.string(), source: fc.string() }),
  confidence: fc.constantFrom('exact', 'low'),
  purl: fc.constantFrom('pkg:npm/a@1.0', 'pkg:pypi/b@1.0'),
  paths: fc.array(fc.constantFrom('app/lock', 'x'), { maxLength: 2 }),
})

export const anyInventory: fc.Arbitrary<SbomInventory> = fc
  .tuple(
    fc.record({
      subject: fc.constantFrom(
        { name: 'team/app', digest: layer, architecture: 'amd64', platform: 'linux/amd64' },
        { name: 'team/app', digest: layer, repositoryUrl: 'registry.example.com/team/app' },
        { name: 'a directory' },
      ),
      distribution: fc.constantFrom(
        undefined,
        {
          id: 'debian',
          versionId: '12',
          codename: 'bookworm',
          idLike: [],
          prettyName: 'Debian 12',
        },
        { id: 'ubuntu', idLike: ['debian'] },
      ),
      packages: fc.array(listed, { maxLength: 12 }),
      gaps: fc.array(fc.string({ unit: 'binary' }), { maxLength: 2 }),
      scannedAt: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
    }),
    fc.record(
      {
        findings: fc.record({
          listed: fc.array(finding, { maxLength: 3 }),
          dataRevision: fc.nat(),
          gaps: fc.array(fc.string(), { maxLength: 1 }),
        }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([needed, more]) => ({ ...needed, ...more }))
