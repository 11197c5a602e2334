// Purpose:  the errata of an rpm repository as records, one for each security update.
// Spec:     none official; createrepo_c's updateinfo.xml as Amazon Linux and others write it: update, pkglist, package.
// Input:    the file's bytes, already decompressed; hostile.
// Deviates: packages of all architectures are one; packages with debugging symbols are left out.
// Unknowns: such files tell what was mended; of what is open they are silent. An update without an id, or without a package
//           that can be read, is unreadable.
import { readXml, childOf, childText, type XmlElement } from '../../ecosystems/xml-document.ts'
import { formatEvr } from '../../ecosystems/rpm/nevra.ts'
import type { RecordText } from '../../storage/feeds/record-text.ts'
import type { CutLimits } from '../json-cutter.ts'
import { affectedBelow } from '../fixed-builds.ts'
import {
  recordText,
  unreadable,
  type OsvAffected,
  type OsvRange,
  type OsvRecord,
} from '../osv-record.ts'
import { cutXml } from '../xml-cutter.ts'

export interface UpdateinfoKind {
  /** `Amazon Linux:2023`. */
  readonly ecosystem: string
  /** Whose words the severities are. */
  readonly vendor: string
  /** The page of an update. */
  readonly addressOf: (id: string) => string
  /** Which versions the fixes of one package leave affected; as `affectedBelow` has it unless said otherwise. */
  readonly affectedBelow?: (fixes: readonly string[]) => readonly OsvRange[]
}

const updateId = /^[A-Za-z][A-Za-z0-9._:-]{2,100}$/
const packageName = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,200}$/
const versionPart = /^[A-Za-z0-9._+~^-]{1,200}$/
const cveId = /CVE-[0-9]{4}-[0-9]{4,19}/g
const symbols = /-debug(?:info|source)(?:-common(?:-[a-z0-9_]+)?)?$/

/** Records in the order of the file. Fails with a FeedError where the file is cut off or no XML. */
export async function* readUpdateinfo(
  source: AsyncIterable<Uint8Array>,
  kind: UpdateinfoKind,
  limits: CutLimits,
): AsyncGenerator<RecordText> {
  for await (const cut of cutXml(source, new Set(['update']), limits)) {
    const read = cut.kind === 'element' ? readUpdate(cut.bytes, kind) : 'an update that is too long'
    if (typeof read === 'string') yield unreadable(cut.line, read)
    else if (read !== undefined) yield recordText(cut.line, read)
  }
}

/** undefined for an update that mends no flaw. */
function readUpdate(bytes: Uint8Array, kind: UpdateinfoKind): OsvRecord | string | undefined {
  const document = readXml(bytes)
  if (document.kind === 'refused') return `an update ${document.reason}`
  const update = document.root
  const id = childText(update, 'id') ?? ''
  if (!updateId.test(id)) return `an update has no id that can be read: ${id.slice(0, 100)}`
  const type = update.attributes.get('type')
  if (type !== undefined && type !== 'security') return undefined
  const packages = packagesOf(update)
  if (typeof packages === 'string') return `${id}: ${packages}`
  const affected = packages.map(({ name, versions }): OsvAffected => ({
    package: { ecosystem: kind.ecosystem, name },
    ranges: (kind.affectedBelow ?? affectedBelow)(versions),
  }))
  return affected.length === 0 ? undefined : describe(id, { update, affected, kind })
}

function describe(
  id: string,
  {
    update,
    affected,
    kind,
  }: {
    readonly update: XmlElement
    readonly affected: readonly OsvAffected[]
    readonly kind: UpdateinfoKind
  },
): OsvRecord {
  const published = instantOf(childOf(update, 'issued'))
  const modified = instantOf(childOf(update, 'updated')) ?? published
  const severity = childText(update, 'severity')
  const title = childText(update, 'title')
  const details = childText(update, 'description')
  return {
    id,
    ...(published !== undefined && { published }),
    ...(modified !== undefined && { modified }),
    upstream: flawsOf(update),
    ...(title !== undefined && { summary: title.slice(0, 500) }),
    ...(details !== undefined && { details: details.slice(0, 8000) }),
    ...(severity !== undefined && { severity: [{ type: kind.vendor, score: severity }] }),
    affected,
    references: [{ type: 'ADVISORY', url: kind.addressOf(id) }],
  }
}

/** References name them; those to a bug tracker in their titles. */
function flawsOf(update: XmlElement): readonly string[] {
  const references = childOf(update, 'references')?.children ?? []
  const texts = references.map(({ attributes }) =>
    ['id', 'title'].map((name) => attributes.get(name) ?? '').join(' '),
  )
  return [...new Set(texts.flatMap((text) => [...(text.slice(0, 2000).match(cveId) ?? [])]))]
}

interface Updated {
  readonly name: string
  readonly versions: readonly string[]
}

function packagesOf(update: XmlElement): readonly Updated[] | string {
  const versions = new Map<string, Set<string>>()
  for (const collection of childOf(update, 'pkglist')?.children ?? []) {
    for (const entry of collection.children) {
      if (entry.name !== 'package') continue
      const read = packageOf(entry.attributes)
      if (typeof read === 'string') return read
      if (symbols.test(read.name)) continue
      const known = versions.get(read.name) ?? new Set()
      versions.set(read.name, known.add(read.version))
    }
  }
  return [...versions].map(([name, all]) => ({ name, versions: [...all] }))
}

function packageOf(
  attributes: ReadonlyMap<string, string>,
): { readonly name: string; readonly version: string } | string {
  const name = attributes.get('name') ?? ''
  if (!packageName.test(name)) return `a package without a name that can be read`
  const epoch = attributes.get('epoch') ?? '0'
  const version = attributes.get('version') ?? ''
  const release = attributes.get('release') ?? ''
  const isWhole = versionPart.test(version) && versionPart.test(release) && /^[0-9]*$/.test(epoch)
  return isWhole
    ? { name, version: formatEvr(epoch, version, release) }
    : `${name.slice(0, 100)} has no version that can be read`
}

/** `2018-01-16 01:28`, with or without seconds, in UTC. */
function instantOf(element: XmlElement | undefined): string | undefined {
  const date = element?.attributes.get('date') ?? ''
  const [, day, time = '00:00'] =
    /^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([0-9:]{5,8}))?/.exec(date) ?? []
  if (day === undefined) return undefined
  const instant = `${day}T${time.length === 5 ? `${time}:00` : time}Z`
  return Number.isNaN(Date.parse(instant)) ? undefined : instant
}
