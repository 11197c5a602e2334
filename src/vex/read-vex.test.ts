import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { isVex, maxVexBytes, readVex, readVexBytes } from './read-vex.ts'
import type { VexStatement } from './vex-document.ts'

interface Case {
  readonly name: string
  readonly document: Readonly<Record<string, unknown>>
  readonly expected: unknown
}
const cases = JSON.parse(
  readFileSync(new URL('cases/documents.json', import.meta.url), 'utf8'),
) as readonly Case[]

const statement = {
  vulnerability: { name: 'CVE-2021-44228' },
  products: [{ '@id': 'pkg:npm/x' }],
  status: 'fixed',
}
const openVex = {
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': 'https://example.com/vex/1',
  author: 'Example',
  timestamp: '2026-01-01T00:00:00Z',
  version: 1,
  statements: [statement],
}

function described(said: VexStatement): string {
  const parts = said.products.reduce((sum, { subcomponents }) => sum + subcomponents.length, 0)
  return [
    ...said.vulnerabilities,
    said.status,
    ...(said.justification === undefined ? [] : [said.justification]),
    ...(said.impact === undefined || said.justification !== undefined
      ? []
      : [JSON.stringify(said.impact)]),
    ...(said.action === undefined ? [] : ['do', JSON.stringify(said.action)]),
    `of ${said.products.length} products with ${parts} parts at ${new Date(said.time).toISOString()}`,
  ].join(' ')
}

function reasonOf(value: unknown): string {
  const result = readVex(value)
  return result.kind === 'refused' ? result.reason : 'read'
}

for (const { name, document, expected } of cases)
  test(`reads ${name}`, () => {
    const result = readVexBytes(Buffer.from(JSON.stringify(document)))
    assert.equal(result.kind, 'read', JSON.stringify(result))
    if (result.kind !== 'read') return
    const { issuedAt, statements, ...rest } = result.value
    const value = {
      ...rest,
      issuedAt: issuedAt.toISOString(),
      statements: statements.map(described),
    }
    assert.deepEqual(value, expected)
  })

test('refuses an OpenVEX document with the place of what is wrong', () => {
  const withStatement = (change: object): object => ({
    ...openVex,
    statements: [statement, { ...statement, ...change }],
  })
  const refusals: readonly (readonly [object, string])[] = [
    [
      { ...openVex, '@context': 'https://openvex.dev/ns/v9' },
      '@context is "https://openvex.dev/ns/v9"; OpenVEX up to 0.2.0 is read',
    ],
    [{ ...openVex, author: undefined }, 'the document has no author'],
    [{ ...openVex, author: ' ' }, 'author is empty'],
    [{ ...openVex, '@id': undefined }, 'the document has no @id'],
    [{ ...openVex, timestamp: undefined }, 'the document has no timestamp'],
    [{ ...openVex, timestamp: 'yesterday' }, 'timestamp is no time as RFC 3339 writes it'],
    [{ ...openVex, statements: undefined }, 'the document has no statements'],
    [{ ...openVex, statements: {} }, 'statements is not a list'],
    [{ ...openVex, statements: ['x'] }, 'statements[0] is not an object'],
    [withStatement({ status: undefined }), 'statements[1] has no status'],
    [
      withStatement({ status: 'safe' }),
      'statements[1].status is "safe"; known are not_affected, affected, fixed, under_investigation',
    ],
    [
      withStatement({ status: 'not_affected' }),
      'statements[1] says not_affected with neither justification nor impact_statement',
    ],
    [
      withStatement({ status: 'not_affected', justification: 'trust me' }),
      'statements[1].justification is "trust me"; known are component_not_present, vulnerable_code_not_present, vulnerable_code_not_in_execute_path, vulnerable_code_cannot_be_controlled_by_adversary, inline_mitigations_already_exist',
    ],
    [withStatement({ products: [] }), 'statements[1] names no product'],
    [
      withStatement({ products: [{}] }),
      'statements[1].products[0] has neither @id nor identifiers nor hashes',
    ],
    [withStatement({ products: [7] }), 'statements[1].products[0] is not an object'],
    [
      withStatement({ products: [{ '@id': 'x', hashes: [] }] }),
      'statements[1].products[0].hashes is not an object',
    ],
    [withStatement({ vulnerability: undefined }), 'statements[1] has no vulnerability'],
    [
      withStatement({ vulnerability: { '@id': 'https://nvd.nist.gov/vuln/detail/CVE-2021-1' } }),
      'statements[1].vulnerability has no id of a vulnerability',
    ],
    [
      withStatement({ vulnerability: { name: 'x'.repeat(20_000) } }),
      'statements[1].vulnerability.name has more than 10000 characters',
    ],
    [
      { hello: 1 },
      'the document is no VEX document: neither OpenVEX (@context https://openvex.dev/ns…) nor CSAF (document.csaf_version)',
    ],
  ]
  for (const [document, expected] of refusals)
    assert.equal(reasonOf(JSON.parse(JSON.stringify(document))), expected)
})

test('refuses a CSAF document with the place of what is wrong', () => {
  const csaf = cases.find(({ name }) => name.startsWith('CSAF'))?.document ?? {}
  const changed = (path: readonly string[], value: unknown): unknown => {
    const copy = structuredClone(csaf)
    let at = copy as Record<string, unknown>
    for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>
    at[path.at(-1) ?? ''] = value
    return copy
  }
  const flaw = ['vulnerabilities', '0']
  const refusals: readonly (readonly [unknown, string])[] = [
    [
      changed(['document', 'category'], 'csaf_security_advisory'),
      'document.category is "csaf_security_advisory": only the profile csaf_vex says what is not affected',
    ],
    [
      changed(['document', 'csaf_version'], '2.1'),
      'document.csaf_version is not 2.0, the one that is read',
    ],
    [changed(['product_tree'], null), 'the document has no product_tree'],
    [
      changed([...flaw, 'product_status', 'fixed'], ['NONE']),
      'vulnerabilities[0].product_status.fixed[0] names a product that the product tree lacks',
    ],
    [
      changed([...flaw, 'product_status', 'fixed'], ['DEF']),
      'vulnerabilities[0].product_status.fixed[0] is fixed here and not_affected elsewhere',
    ],
    [
      changed([...flaw, 'threats'], []),
      'vulnerabilities[0].product_status.known_not_affected[1] is said not to be affected with neither a flag nor a threat of category impact',
    ],
    [
      changed([...flaw, 'threats', '0', 'group_ids'], ['NONE']),
      'vulnerabilities[0].threats[0].group_ids[0] names a group that the product tree lacks',
    ],
    [
      changed([...flaw, 'flags', '0', 'label'], 'x'),
      'vulnerabilities[0].flags[0].label is "x", which CSAF lacks',
    ],
    [changed([...flaw, 'cve'], undefined), 'read'],
    [
      changed(['product_tree', 'relationships', '0', 'product_reference'], 'X'),
      'product_tree.relationships[0].product_reference names a product that the product tree lacks',
    ],
    [
      changed(['product_tree', 'full_product_names', '0', 'product_id'], 'DEF'),
      'product_tree.branches[0].branches[0].product.product_id is that of another product',
    ],
  ]
  for (const [document, expected] of refusals) assert.equal(reasonOf(document), expected)
})

test('refuses what is too large, no JSON, or read in two ways', () => {
  const texts = [
    ' '.repeat(maxVexBytes + 1),
    '{',
    '{"@context":"https://openvex.dev/ns","@context":"https://openvex.dev/ns"}',
    '['.repeat(100),
  ]
  for (const text of texts) assert.equal(readVexBytes(Buffer.from(text)).kind, 'refused')
})

test('a small document that names very many pairs is refused, and so are groups that multiply', () => {
  const ids = Array.from({ length: 1000 }, (_, n) => `pkg:npm/p${n}`)
  const wide = { ...openVex, statements: [{ ...statement, products: ids, subcomponents: ids }] }
  assert.match(reasonOf(wide), /more than 100000 pairs/)
  const products = Array.from({ length: 1000 }, (_, n) => ({ name: 'p', product_id: `P${n}` }))
  const groups = [{ group_id: 'G', product_ids: products.map(({ product_id: id }) => id) }]
  const csaf = structuredClone(cases.at(-1)?.document ?? {}) as Record<
    string,
    Record<string, unknown>
  >
  const many = {
    ...csaf,
    product_tree: { full_product_names: products, product_groups: groups },
    vulnerabilities: [
      {
        cve: 'CVE-1',
        product_status: { fixed: ['P1'] },
        threats: [
          { category: 'impact', details: 'x', group_ids: Array.from({ length: 1000 }, () => 'G') },
        ],
      },
    ],
  }
  assert.match(reasonOf(many), /too many that name more than 500000 products/)
})

test('mutated documents are read or refused, and never throw', () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.constant([]),
    fc.constant({}),
  )
  fc.assert(
    fc.property(fc.constantFrom(...cases), fc.nat(), leaf, ({ document }, at, value) => {
      const copy = structuredClone(document) as Record<string, unknown>
      const places: [Record<string, unknown>, string][] = []
      const walk = (node: unknown): void => {
        if (typeof node !== 'object' || node === null) return
        for (const [key, child] of Object.entries(node)) {
          places.push([node as Record<string, unknown>, key])
          walk(child)
        }
      }
      walk(copy)
      const [node, key] = places[at % places.length] ?? [copy, '']
      node[key] = value
      const result = readVex(copy)
      if (result.kind === 'refused') assert.ok(result.reason.length > 0)
    }),
  )
  fc.assert(
    fc.property(fc.jsonValue(), (value) => readVex(value).kind === 'refused' || isVex(value)),
  )
})
