// Purpose:  read a CSAF document of the VEX profile.
// Spec:     CSAF 2.0, 3.2 (properties) and 4.5 "Profile 5: VEX".
// Input:    parsed JSON; hostile.
// Deviates: first_affected, last_affected, first_fixed and recommended are read as what they imply: affected, affected, fixed, nothing.
// Unknowns: a product id without a place in the tree, or two states of one product, refuse the document, with the place.
import { readCsafProducts, type CsafProducts } from './csaf-products.ts'
import {
  isRecord,
  listIn,
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
  vexJustifications,
  vulnerabilityKey,
  type VexDocument,
  type VexJustification,
  type VexProduct,
  type VexStatement,
  type VexStatus,
} from './vex-document.ts'

const maxVulnerabilities = 10_000
const maxProductIds = 50_000
const maxNotes = 10_000

/** Whether it calls itself one, of whatever version. */
export function isCsaf(value: unknown): boolean {
  return isRecord(value) && isRecord(value['document']) && 'csaf_version' in value['document']
}

export function readCsaf(value: unknown): Reading<VexDocument> {
  return reading(() => readDocument({ value, at: '' }))
}

function readDocument(root: Placed): VexDocument {
  const document = requiredMember(root, 'document')
  const version = requiredText(document, 'csaf_version')
  if (version !== '2.0') refuse('document.csaf_version', 'is not 2.0, the one that is read')
  const category = requiredText(document, 'category')
  if (category !== 'csaf_vex')
    refuse(
      'document.category',
      `is ${JSON.stringify(category.slice(0, 100))}: only the profile csaf_vex says what is not affected`,
    )
  const tracking = requiredMember(document, 'tracking')
  const issuedAt =
    timeIn(tracking, 'current_release_date') ??
    refuse('document.tracking', 'has no current_release_date')
  const products = readCsafProducts(requiredMember(root, 'product_tree'))
  const context = { products, issuedAt, budget: { left: maxNamings } }
  return {
    format: 'CSAF',
    id: requiredText(tracking, 'id'),
    version: requiredText(tracking, 'version'),
    issuer: requiredText(requiredMember(document, 'publisher'), 'name'),
    issuedAt: new Date(issuedAt),
    statements: listIn(root, 'vulnerabilities', maxVulnerabilities).flatMap((vulnerability) =>
      readVulnerability(vulnerability, context),
    ),
  }
}

interface Context {
  readonly products: CsafProducts
  readonly issuedAt: number
  /** How many more products flags and texts may name: groups let a short list name very many. */
  readonly budget: { left: number }
}

const maxNamings = 500_000

/** One statement for each product: flags and texts are given by product. */
function readVulnerability(vulnerability: Placed, context: Context): readonly VexStatement[] {
  const vulnerabilities = idsOf(vulnerability)
  const flags = readFlags(vulnerability, context)
  const impacts = readTexts(vulnerability, 'threats', context)
  const actions = readTexts(vulnerability, 'remediations', context)
  return readStates(vulnerability).map(({ id, status }) => {
    const { value, at } = id
    const key = textOf({ value, at })
    const flag = flags.get(key)
    const impact = impacts.get(key)
    if (status === 'not_affected' && flag === undefined && impact === undefined)
      refuse(at, 'is said not to be affected with neither a flag nor a threat of category impact')
    return {
      vulnerabilities,
      products: [context.products.find(id)] satisfies readonly VexProduct[],
      status,
      ...(flag === undefined || status !== 'not_affected' ? {} : { justification: flag.label }),
      ...(impact === undefined || status !== 'not_affected' ? {} : { impact: impact.details }),
      ...actionOf(actions.get(key)),
      time: Math.max(context.issuedAt, flag?.time ?? 0, impact?.time ?? 0),
    }
  })
}

function actionOf(remediation: Said | undefined): { readonly action?: string } {
  return remediation === undefined ? {} : { action: remediation.details }
}

function idsOf(vulnerability: Placed): readonly string[] {
  const ids = listIn(vulnerability, 'ids', 100).map((id) => requiredText(id, 'text'))
  const named = [textIn(vulnerability, 'cve'), ...ids].flatMap((text) => text ?? [])
  const keys = named.map(vulnerabilityKey).filter((text) => /^[A-Z0-9][\w.:-]*$/.test(text))
  return keys.length === 0
    ? refuse(vulnerability.at, 'has neither cve nor ids')
    : [...new Set(keys)]
}

const statusOf: Readonly<Record<string, VexStatus>> = {
  known_not_affected: 'not_affected',
  known_affected: 'affected',
  first_affected: 'affected',
  last_affected: 'affected',
  fixed: 'fixed',
  first_fixed: 'fixed',
  under_investigation: 'under_investigation',
}

interface ProductState {
  readonly id: Placed
  readonly status: VexStatus
}

/** CSAF 6.1.6 forbids that a product is in two contradicting states. */
function readStates(vulnerability: Placed): readonly ProductState[] {
  const states = new Map<string, ProductState>()
  const stated = requiredMember(vulnerability, 'product_status')
  for (const [name, status] of Object.entries(statusOf)) {
    for (const id of listIn(stated, name, maxProductIds)) {
      const key = textOf(id)
      const known = states.get(key)
      if (known !== undefined && known.status !== status)
        refuse(id.at, `is ${status} here and ${known.status} elsewhere`)
      states.set(key, { id, status })
    }
  }
  return [...states.values()]
}

interface Flag {
  readonly label: VexJustification
  readonly time: number
}

function readFlags(vulnerability: Placed, context: Context): ReadonlyMap<string, Flag> {
  const flags = new Map<string, Flag>()
  for (const flag of listIn(vulnerability, 'flags', maxNotes)) {
    const text = requiredText(flag, 'label')
    const label = vexJustifications.find((known) => known === text)
    if (label === undefined)
      return refuse(
        `${flag.at}.label`,
        `is ${JSON.stringify(text.slice(0, 100))}, which CSAF lacks`,
      )
    for (const id of productsOf(flag, context))
      flags.set(id, { label, time: timeIn(flag, 'date') ?? 0 })
  }
  return flags
}

interface Said {
  readonly details: string
  readonly time: number
}

/** Threats say why a product is not affected, remediations what to do; each for the products it names. */
function readTexts(
  vulnerability: Placed,
  name: 'threats' | 'remediations',
  context: Context,
): ReadonlyMap<string, Said> {
  const texts = new Map<string, Said>()
  for (const said of listIn(vulnerability, name, maxNotes)) {
    if (name === 'threats' && textIn(said, 'category') !== 'impact') continue
    const details = requiredText(said, 'details')
    const time = timeIn(said, 'date') ?? 0
    for (const id of productsOf(said, context)) texts.set(id, { details, time })
  }
  return texts
}

function productsOf(said: Placed, { products, budget }: Context): readonly string[] {
  const named: string[] = []
  const take = (ids: readonly Placed[]): void => {
    budget.left -= ids.length
    if (budget.left < 0)
      refuse(said.at, `is one of too many that name more than ${maxNamings} products`)
    named.push(...ids.map(textOf))
  }
  take(listIn(said, 'product_ids', maxProductIds))
  for (const id of listIn(said, 'group_ids', maxNotes)) take(products.group(id))
  return named
}
