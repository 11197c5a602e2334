// Purpose:  Oracle Linux's errata as records, one for each.
// Spec:     OVAL 5.11 definitions; linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2.
// Input:    the file's bytes, already decompressed; hostile.
// Deviates: tests are read by their comments (`bind is earlier than 30:9.3.3-8.el5`), which say the same as the tests that they
//           name and stand where they are asked for; architectures are one. Packages with debugging symbols are left out.
// Unknowns: the file tells what was mended; of what is open it is silent. A definition without a release is unreadable.
import { childOf, childText, readXml, type XmlElement } from '../../ecosystems/xml-document.ts'
import type { RecordText } from '../../storage/feeds/record-text.ts'
import { affectedBelow } from '../fixed-builds.ts'
import type { CutLimits } from '../json-cutter.ts'
import { recordText, unreadable, type OsvRecord } from '../osv-record.ts'
import { cutXml } from '../xml-cutter.ts'

const title = /^(EL[BS]A-[0-9]{4}-[0-9]{1,8}(?:-[0-9]{1,3})?):\s*(.*?)\s*(?:\(([A-Z/]{2,20})\))?$/s
const cveId = /^CVE-[0-9]{4}-[0-9]{4,19}$/
const installed = /^Oracle Linux ([0-9]{1,3}) is installed$/
const inModule = /^Module ([\w.+-]+:[\w.+-]+) is enabled$/
const earlier = /^([A-Za-z0-9_][A-Za-z0-9._+-]{0,200}) is earlier than ([0-9]+:)?([^\s:]{1,200})$/
const symbols = /-debug(?:info|source)(?:-common(?:-[a-z0-9_]+)?)?$/

/** Records in the order of the file. Fails with a FeedError where the file is cut off or no XML. */
export async function* readOracleOval(
  source: AsyncIterable<Uint8Array>,
  limits: CutLimits,
): AsyncGenerator<RecordText> {
  for await (const cut of cutXml(source, new Set(['definition']), limits)) {
    const read =
      cut.kind === 'element' ? readDefinition(cut.bytes) : 'a definition that is too long'
    if (typeof read === 'string') yield unreadable(cut.line, read)
    else if (read !== undefined) yield recordText(cut.line, read)
  }
}

/** undefined for an erratum that names no package. */
function readDefinition(bytes: Uint8Array): OsvRecord | string | undefined {
  const document = readXml(bytes)
  if (document.kind === 'refused') return `a definition ${document.reason}`
  const metadata = childOf(document.root, 'metadata')
  const text = childText(metadata, 'title') ?? ''
  const [, id, summary = ''] = title.exec(text) ?? []
  if (id === undefined) return `a definition's title names no erratum: ${text.slice(0, 100)}`
  const fixes = new Map<string, Fixes>()
  for (const criteria of document.root.children)
    if (criteria.name === 'criteria') collect(criteria, {}, fixes)
  const all = [...fixes.values()]
  if (all.some(({ release }) => release === undefined)) return `${id}: names packages of no release`
  if (all.length === 0) return undefined
  return {
    id,
    ...(summary !== '' && { summary: summary.slice(0, 500) }),
    ...describe(metadata),
    affected: all.map(({ release = '', name, versions }) => ({
      package: { ecosystem: `Oracle Linux:${release}`, name },
      ranges: affectedBelow([...versions]),
    })),
    references: [{ type: 'ADVISORY', url: `https://linux.oracle.com/errata/${id}.html` }],
  }
}

function describe(metadata: XmlElement | undefined): Partial<OsvRecord> {
  const advisory = childOf(metadata, 'advisory')
  const day = childOf(advisory, 'issued')?.attributes.get('date') ?? ''
  const instant = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(day) ? `${day}T00:00:00Z` : undefined
  const severity = childText(advisory, 'severity')
  return {
    ...(instant !== undefined && { published: instant, modified: instant }),
    upstream: flawsOf(metadata),
    ...(severity !== undefined && { severity: [{ type: 'Oracle', score: severity }] }),
  }
}

function flawsOf(metadata: XmlElement | undefined): readonly string[] {
  const ids = (metadata?.children ?? []).flatMap(({ name, attributes }) => {
    const id = name === 'reference' ? (attributes.get('ref_id') ?? '') : ''
    return cveId.test(id) ? [id] : []
  })
  return [...new Set(ids)]
}

interface Fixes {
  readonly release: string | undefined
  readonly name: string
  /** Several where architectures have builds of their own. */
  readonly versions: Set<string>
}

interface Context {
  readonly release?: string
  readonly module?: string
}

/** What stands beside a group of tests (which release, which module) holds for all that is in the group. */
function collect(criteria: XmlElement, outer: Context, fixes: Map<string, Fixes>): void {
  const comments = criteria.children.flatMap(({ name, attributes }) =>
    name === 'criterion' ? [(attributes.get('comment') ?? '').trim()] : [],
  )
  const context = comments.reduce(narrow, outer)
  for (const comment of comments) keepFix(comment, context, fixes)
  for (const child of criteria.children)
    if (child.name === 'criteria') collect(child, context, fixes)
}

function keepFix(comment: string, { release, module }: Context, fixes: Map<string, Fixes>): void {
  const [, plain, epoch = '', build = ''] = earlier.exec(comment) ?? []
  if (plain === undefined || symbols.test(plain)) return
  const name = module === undefined ? plain : `${module}::${plain}`
  const key = `${release ?? ''}\n${name}`
  const known = fixes.get(key) ?? { release, name, versions: new Set() }
  known.versions.add(`${/^0+:$/.test(epoch) ? '' : epoch}${build}`)
  fixes.set(key, known)
}

function narrow(context: Context, comment: string): Context {
  const release = installed.exec(comment)?.[1]
  const module = inModule.exec(comment)?.[1]
  return {
    ...context,
    ...(release !== undefined && { release }),
    ...(module !== undefined && { module }),
  }
}
