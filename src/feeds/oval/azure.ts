// Purpose:  the flaws of Azure Linux and CBL-Mariner as records, one for each flaw of a package.
// Spec:     OVAL 5.11 definitions, tests, objects and states; microsoft/AzureLinuxVulnerabilityData.
// Input:    the file's bytes; hostile.
// Deviates: `greater than` is taken for the beginning of a range, which has one version too many.
// Unknowns: `less than or equal` is a flaw without a fix yet; a definition whose tests cannot be followed is unreadable.
import { childOf, childText, readXml, type XmlElement } from '../../ecosystems/xml-document.ts'
import { FeedError } from '../../storage/feeds/transport.ts'
import type { RecordText } from '../../storage/feeds/record-text.ts'
import type { CutLimits } from '../json-cutter.ts'
import { recordText, unreadable, type OsvEvent, type OsvRecord } from '../osv-record.ts'
import { cutXml } from '../xml-cutter.ts'

const parts = new Set(['definition', 'rpminfo_test', 'rpminfo_object', 'rpminfo_state'])
/** All are held until the file ends, since what a definition names comes after it. */
const maxParts = 1_000_000
const definitionId = /^oval:[a-z.-]{1,60}:def:([0-9]{1,12})$/
const cveId = /^CVE-[0-9]{4}-[0-9]{4,19}$/
const packageName = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,200}$/
const evr = /^([0-9]+:)?[^\s:]{1,200}$/

/** `release` is what stands behind the colon: `3`. Fails with a FeedError where the file is cut off or no XML. */
export async function* readAzureOval(
  source: AsyncIterable<Uint8Array>,
  { release }: { readonly release: string },
  limits: CutLimits,
): AsyncGenerator<RecordText> {
  const held = new Held()
  for await (const cut of cutXml(source, parts, limits)) {
    const read = cut.kind === 'element' ? readXml(cut.bytes) : undefined
    if (read?.kind === 'document') held.keep(read.root, cut.line)
    else yield unreadable(cut.line, `a ${cut.name} ${read?.reason ?? 'that is too long'}`)
  }
  for (const definition of held.definitions) {
    const record = describe(definition, { held, release })
    yield typeof record === 'string'
      ? unreadable(definition.line, `${definition.id}: ${record}`)
      : recordText(definition.line, record)
  }
}

interface Definition {
  readonly id: string
  readonly line: number
  readonly flaw: string
  readonly title: string | undefined
  readonly severity: string | undefined
  readonly date: string | undefined
  readonly tests: readonly string[]
}

/** Ids of what a test compares. */
interface Test {
  readonly object: string
  readonly state: string
}

interface State {
  readonly operation: string
  readonly version: string
}

class Held {
  readonly definitions: Definition[] = []
  readonly tests = new Map<string, Test>()
  readonly objects = new Map<string, string>()
  readonly states = new Map<string, State>()

  keep(element: XmlElement, line: number): void {
    const { definitions, tests, objects, states } = this
    if (definitions.length + tests.size + objects.size + states.size >= maxParts)
      throw new FeedError('too-large', `the file has more than ${maxParts} definitions and tests`)
    const id = element.attributes.get('id') ?? ''
    if (element.name === 'definition') definitions.push(definitionOf(element, id, line))
    else if (element.name === 'rpminfo_test') tests.set(id, testOf(element))
    else if (element.name === 'rpminfo_object') objects.set(id, childText(element, 'name') ?? '')
    else states.set(id, stateOf(element))
  }
}

function testOf(element: XmlElement): Test {
  const of = (name: string): string => childOf(element, name)?.attributes.get(`${name}_ref`) ?? ''
  return { object: of('object'), state: of('state') }
}

function stateOf(element: XmlElement): State {
  const told = childOf(element, 'evr')
  const version = (told?.text ?? '').replace(/^0+:/, '')
  return { operation: told?.attributes.get('operation') ?? 'equals', version }
}

function definitionOf(element: XmlElement, id: string, line: number): Definition {
  const metadata = childOf(element, 'metadata')
  return {
    id: id.slice(0, 100),
    line,
    flaw: childOf(metadata, 'reference')?.attributes.get('ref_id') ?? '',
    title: childText(metadata, 'title')?.slice(0, 500),
    severity: childText(metadata, 'severity')?.slice(0, 64),
    date: childText(metadata, 'advisory_date')?.slice(0, 64),
    tests: testsIn(element),
  }
}

function testsIn(element: XmlElement): readonly string[] {
  return element.children.flatMap((child) => {
    if (child.name === 'criteria') return testsIn(child)
    return child.name === 'criterion' ? [child.attributes.get('test_ref') ?? ''] : []
  })
}

function describe(
  definition: Definition,
  { held, release }: { readonly held: Held; readonly release: string },
): OsvRecord | string {
  const { flaw, title, severity, date, tests } = definition
  const number = definitionId.exec(definition.id)?.[1]
  if (number === undefined) return 'has an id of another form'
  if (!cveId.test(flaw)) return 'refers to no CVE'
  const read = rangeOf(tests, held)
  if (typeof read === 'string') return read
  const modified = date === undefined || Number.isNaN(Date.parse(date)) ? undefined : date
  return {
    id: `AZL-${release}-${number}`,
    ...(modified !== undefined && { modified }),
    aliases: [flaw],
    ...(title !== undefined && { summary: title }),
    ...(severity !== undefined && { severity: [{ type: 'Microsoft', score: severity }] }),
    affected: [
      {
        package: { ecosystem: `Azure Linux:${release}`, name: read.name },
        ranges: [{ type: 'ECOSYSTEM', events: read.events }],
        ...(read.isOpen && { ecosystem_specific: { status: 'open' } }),
      },
    ],
    references: [{ type: 'WEB', url: `https://nvd.nist.gov/vuln/detail/${flaw}` }],
  }
}

interface Range {
  readonly name: string
  readonly events: readonly OsvEvent[]
  readonly isOpen: boolean
}

/** All tests of a definition are about one package, and hold together. */
function rangeOf(
  tests: readonly string[],
  { tests: known, objects, states }: Held,
): Range | string {
  const names = new Set<string>()
  const found: State[] = []
  for (const id of tests) {
    const test = known.get(id)
    const name = objects.get(test?.object ?? '')
    const state = states.get(test?.state ?? '')
    if (name === undefined || state === undefined) return 'names a test that is not there'
    if (!packageName.test(name) || !evr.test(state.version)) return 'has a test of another form'
    names.add(name)
    found.push(state)
  }
  const [name] = names
  if (name === undefined || names.size > 1) return 'is about no or several packages'
  return eventsOf(name, found)
}

function eventsOf(name: string, found: readonly State[]): Range | string {
  let introduced = '0'
  let end: OsvEvent | undefined
  for (const { operation, version } of found) {
    if (operation === 'less than') end = { fixed: version }
    else if (operation === 'less than or equal') end = { last_affected: version }
    else if (operation.startsWith('greater than')) introduced = version
    else return `compares versions by ${JSON.stringify(operation.slice(0, 40))}`
  }
  const isOpen = end === undefined || !('fixed' in end)
  return { name, events: [{ introduced }, ...(end === undefined ? [] : [end])], isOpen }
}
