// Purpose:  one VEX document of Red Hat as a record.
// Spec:     CSAF 2.0 sections 3.2.3 (vulnerabilities), 4.5 (profile VEX); security.access.redhat.com/data/csaf/v2/vex.
// Input:    the text of one document; hostile.
// Deviates: packages with debugging symbols are left out.
// Unknowns: a package that is under investigation is affected without a fix, with that word; so is one that is fixed in a version that
//           nobody names. One without any state is not told.
import { affectedBelow } from '../fixed-builds.ts'
import {
  isObject,
  objectsOf,
  parseObject,
  textOf,
  textsOf,
  type JsonObject,
} from '../json-values.ts'
import { affectedUntil, type OsvAffected, type OsvRecord } from '../osv-record.ts'
import { readProductTree, type ProductPackage, type ProductTree } from './product-tree.ts'

export type VexReading =
  | { readonly kind: 'record'; readonly record: OsvRecord }
  /** Says nothing about Red Hat Enterprise Linux. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'refused'; readonly reason: string }

const cveId = /^CVE-[0-9]{4}-[0-9]{4,19}$/
const symbols = /-debug(?:info|source)$/

/** A document that was deleted is a withdrawn record. */
export function readVexDocument(text: string): VexReading {
  const root = parseObject(text)
  const document = objectIn(root, 'document')
  const tracking = objectIn(document, 'tracking')
  if (root === undefined || document === undefined || tracking === undefined)
    return refused('is no CSAF document')
  const id = textOf(tracking['id'])
  if (id === undefined || !cveId.test(id)) return refused('its tracking id is no CVE')
  const modified = instantOf(tracking['current_release_date'])
  if (tracking['status'] === 'deleted') {
    const withdrawn = modified ?? '1970-01-01T00:00:00Z'
    return { kind: 'record', record: { id, withdrawn, affected: [] } }
  }
  const [flaw] = objectsOf(root['vulnerabilities'])
  if (flaw === undefined) return refused(`${id}: has no vulnerabilities`)
  const affected = readAffected(flaw, readProductTree(root['product_tree']))
  if (affected.length === 0) return { kind: 'foreign' }
  const told = { ...(modified !== undefined && { modified }), ...describe(id, flaw) }
  return { kind: 'record', record: { id, ...told, affected, ...wordOf(document) } }
}

function objectIn(object: JsonObject | undefined, name: string): JsonObject | undefined {
  const value = object?.[name]
  return isObject(value) ? value : undefined
}

function wordOf(document: JsonObject): Pick<OsvRecord, 'database_specific'> {
  const severity = textOf(objectIn(document, 'aggregate_severity')?.['text'])
  return severity === undefined ? {} : { database_specific: { severity } }
}

function describe(id: string, flaw: JsonObject): Omit<OsvRecord, 'id' | 'affected'> {
  const summary = textOf(flaw['title'])
  const published = instantOf(flaw['release_date'])
  const vectors = objectsOf(flaw['scores']).flatMap(vectorIn).slice(0, 1)
  return {
    ...(published !== undefined && { published }),
    ...(summary !== undefined && { summary }),
    ...(vectors.length > 0 && { severity: vectors }),
    references: [{ type: 'ADVISORY', url: `https://access.redhat.com/security/cve/${id}` }],
  }
}

function vectorIn(score: JsonObject): readonly { readonly type: string; readonly score: string }[] {
  for (const [member, type] of [
    ['cvss_v3', 'CVSS_V3'],
    ['cvss_v4', 'CVSS_V4'],
    ['cvss_v2', 'CVSS_V2'],
  ] as const) {
    const scored = score[member]
    const vector = isObject(scored) ? textOf(scored['vectorString']) : undefined
    if (vector !== undefined) return [{ type, score: vector }]
  }
  return []
}

type Status = 'fixed' | 'known_affected' | 'under_investigation' | 'known_not_affected'

/** The first that speaks of a package of a release counts. */
const statuses: readonly Status[] = [
  'fixed',
  'known_affected',
  'under_investigation',
  'known_not_affected',
]

interface Said {
  readonly status: Status
  readonly productId: string
  readonly told: ProductPackage
  readonly fixes: string[]
}

function readAffected(flaw: JsonObject, tree: ProductTree): readonly OsvAffected[] {
  const states = flaw['product_status']
  if (!isObject(states)) return []
  const words = wordsOf(flaw)
  const said = new Map<string, Said>()
  for (const status of statuses) {
    for (const productId of textsOf(states[status])) {
      const told = tree.find(productId)
      if (told === undefined || symbols.test(told.name)) continue
      const key = `${told.major}\n${told.name}`
      const known = said.get(key) ?? { status, productId, told, fixes: [] }
      said.set(key, known)
      if (status === 'fixed' && told.version !== undefined) known.fixes.push(told.version)
    }
  }
  return [...said.values()].map((one) => affectedOf(one, words))
}

interface Words {
  readonly severities: ReadonlyMap<string, string>
  readonly remedies: ReadonlyMap<string, string>
}

function affectedOf({ status, productId, told, fixes }: Said, words: Words): OsvAffected {
  const severity = words.severities.get(productId)
  const isNotAffected = status === 'known_not_affected'
  const isOpen = !isNotAffected && fixes.length === 0
  const remedy =
    status === 'under_investigation' ? 'Under investigation' : words.remedies.get(productId)
  return {
    package: { ecosystem: `Red Hat:enterprise_linux:${told.major}`, name: told.name },
    // Not affected: the record still names the package, so that the distribution has spoken of the flaw.
    ranges: isOpen ? affectedUntil(undefined) : affectedBelow(fixes),
    ecosystem_specific: {
      ...(severity !== undefined && { severity }),
      ...(isOpen && { status: remedy ?? 'Affected' }),
    },
  }
}

/** What is said of products one by one: how bad it is for them, and why there is no fix. */
function wordsOf(flaw: JsonObject): Words {
  const severities = new Map<string, string>()
  for (const { category, details, product_ids: ids } of objectsOf(flaw['threats'])) {
    if (category !== 'impact' || typeof details !== 'string') continue
    for (const id of textsOf(ids)) severities.set(id, details)
  }
  const remedies = new Map<string, string>()
  for (const { category, details, product_ids: ids } of objectsOf(flaw['remediations'])) {
    const word = remedyOf(category, details)
    if (word === undefined) continue
    for (const id of textsOf(ids)) remedies.set(id, word)
  }
  return { severities, remedies }
}

function remedyOf(category: unknown, details: unknown): string | undefined {
  if (category === 'no_fix_planned')
    return details === 'Out of support scope' ? details : 'Will not fix'
  if (category !== 'none_available') return undefined
  return details === 'Fix deferred' ? details : 'Affected'
}

function instantOf(value: unknown): string | undefined {
  const text = textOf(value)
  return text === undefined || Number.isNaN(Date.parse(text)) ? undefined : text
}

function refused(reason: string): VexReading {
  return { kind: 'refused', reason }
}
