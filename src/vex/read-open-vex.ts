// Purpose:  read an OpenVEX document.
// Spec:     OpenVEX specification 0.2.0; 0.0.1 and 0.0.0, in which vulnerability, products and subcomponents are plain texts.
// Input:    parsed JSON; hostile.
// Deviates: an `affected` without an action is taken, since it hides nothing; members that the specification lacks are passed over.
// Unknowns: a status, a justification or a version of the format that is not known refuses the document, with the place.
import {
  elements,
  isRecord,
  listIn,
  member,
  reading,
  refuse,
  requiredMember,
  requiredText,
  textIn,
  textOf,
  timeIn,
  type Placed,
  type Reading,
} from './placed.ts'
import {
  componentOf,
  vexJustifications,
  vexStatuses,
  vulnerabilityKey,
  type VexComponent,
  type VexDocument,
  type VexProduct,
  type VexStatement,
  type VexStatus,
} from './vex-document.ts'

const context = 'https://openvex.dev/ns'
const contexts = new Set(['', '/', '/v0.0.0', '/v0.0.1', '/v0.0.2', '/v0.2.0'])
const maxStatements = 50_000
const maxProducts = 10_000
const maxNames = 100

/** Whether it calls itself one, of whatever version. */
export function isOpenVex(value: unknown): boolean {
  if (!isRecord(value)) return false
  const named = value['@context']
  return typeof named === 'string' && named.startsWith(context)
}

/** `hasSubject`: an attestation names the product, so that a statement may leave it out. */
export function readOpenVex(
  value: unknown,
  { hasSubject = false }: { readonly hasSubject?: boolean } = {},
): Reading<VexDocument> {
  return reading(() => readDocument({ value, at: '' }, hasSubject))
}

function readDocument(document: Placed, hasSubject: boolean): VexDocument {
  const named = requiredText(document, '@context')
  if (!contexts.has(named.slice(context.length)))
    refuse('@context', `is ${JSON.stringify(named.slice(0, 100))}; OpenVEX up to 0.2.0 is read`)
  const issued = timeIn(document, 'timestamp')
  const issuedAt = Math.max(issued ?? -Infinity, timeIn(document, 'last_updated') ?? -Infinity)
  if (issuedAt === -Infinity) refuse('', 'has no timestamp')
  const statements = elements(requiredMember(document, 'statements'), maxStatements)
  return {
    format: 'OpenVEX',
    id: requiredText(document, '@id'),
    version: versionOf(document),
    issuer: requiredText(document, 'author'),
    issuedAt: new Date(issuedAt),
    statements: statements.map((statement) => readStatement(statement, { issuedAt, hasSubject })),
  }
}

/** A number since 0.0.2, a text before. */
function versionOf(document: Placed): string {
  const found = member(document, 'version')
  if (found === undefined) return '1'
  return typeof found.value === 'number' ? String(found.value) : textOf(found)
}

function readStatement(
  statement: Placed,
  inherited: { readonly issuedAt: number; readonly hasSubject: boolean },
): VexStatement {
  const { at } = statement
  const status = oneOf(requiredText(statement, 'status'), vexStatuses, `${at}.status`)
  const products = readProducts(statement)
  if (products.length === 0 && !inherited.hasSubject) refuse(at, 'names no product')
  const said = [timeIn(statement, 'timestamp'), timeIn(statement, 'last_updated')]
  const times = said.flatMap((time) => time ?? [])
  return {
    vulnerabilities: readVulnerability(requiredMember(statement, 'vulnerability')),
    products,
    status,
    ...readReasons(statement, status),
    time: times.length === 0 ? inherited.issuedAt : Math.max(...times),
  }
}

type Reasons = Pick<VexStatement, 'justification' | 'impact' | 'action'>

function readReasons(statement: Placed, status: VexStatus): Reasons {
  const { at } = statement
  const reason = nonEmpty(textIn(statement, 'justification'))
  const justification =
    reason === undefined ? undefined : oneOf(reason, vexJustifications, `${at}.justification`)
  const impact = nonEmpty(textIn(statement, 'impact_statement'))
  const action = nonEmpty(textIn(statement, 'action_statement'))
  if (status === 'not_affected' && justification === undefined && impact === undefined)
    refuse(at, 'says not_affected with neither justification nor impact_statement')
  return {
    ...(justification === undefined ? {} : { justification }),
    ...(impact === undefined ? {} : { impact }),
    ...(action === undefined ? {} : { action }),
  }
}

/** Go's encoder writes some absent texts as empty ones. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text
}

function oneOf<const T extends string>(text: string, known: readonly T[], at: string): T {
  const found = known.find((word) => word === text)
  return (
    found ?? refuse(at, `is ${JSON.stringify(text.slice(0, 100))}; known are ${known.join(', ')}`)
  )
}

function readVulnerability(vulnerability: Placed): readonly string[] {
  if (typeof vulnerability.value === 'string') return idsOf([vulnerability.value], vulnerability.at)
  const aliases = listIn(vulnerability, 'aliases', maxNames).map(textOf)
  const names = [textIn(vulnerability, 'name'), textIn(vulnerability, '@id'), ...aliases]
  return idsOf(
    names.flatMap((text) => text ?? []),
    vulnerability.at,
  )
}

/** An address of a page about the flaw is no id of it. */
function idsOf(texts: readonly string[], at: string): readonly string[] {
  const ids = texts.map(vulnerabilityKey).filter((text) => /^[A-Z0-9][\w.:-]*$/.test(text))
  return ids.length === 0 ? refuse(at, 'has no id of a vulnerability') : [...new Set(ids)]
}

function readProducts(statement: Placed): readonly VexProduct[] {
  const shared = listIn(statement, 'subcomponents', maxProducts).map(readComponent)
  return listIn(statement, 'products', maxProducts).map((product) => {
    const component = readComponent(product)
    const own =
      typeof product.value === 'string'
        ? []
        : listIn(product, 'subcomponents', maxProducts).map(readComponent)
    return { ...component, subcomponents: own.length === 0 ? shared : own }
  })
}

function readComponent(component: Placed): VexComponent {
  if (typeof component.value === 'string') return componentOf([textOf(component)], [])
  const identifiers = member(component, 'identifiers')
  const names = [
    textIn(component, '@id'),
    identifiers === undefined ? undefined : textIn(identifiers, 'purl'),
  ].flatMap((text) => text ?? [])
  const hashes = textsOf(member(component, 'hashes'))
  if (names.length + hashes.length === 0 && identifiers === undefined)
    refuse(component.at, 'has neither @id nor identifiers nor hashes')
  return componentOf(names, hashes)
}

function textsOf(object: Placed | undefined): readonly (readonly [string, string])[] {
  if (object === undefined) return []
  if (!isRecord(object.value)) return refuse(object.at, 'is not an object')
  const keys = Object.keys(object.value)
  if (keys.length > maxNames) return refuse(object.at, `has more than ${maxNames} members`)
  return keys.map((key) => [key, textIn(object, key) ?? ''])
}
