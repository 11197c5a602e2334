// Purpose:  Alpine's secdb, and the files of its form that others publish, as records, one for each flaw of a package.
// Spec:     secdb.alpinelinux.org (README of alpine-secdb); packages.wolfi.dev/os/security.json: {packages: [{pkg: {name, secfixes: {version: [ids]}}}]}.
// Input:    the file's bytes, and the ecosystem whose packages they are about; hostile.
// Deviates: one id under several versions is one record with a range to each: the flaw is gone from the last of them on.
// Unknowns: such files tell what was mended; of what is open they are silent. A version without ids says nothing.
import type { RecordText } from '../../storage/feeds/record-text.ts'
import { cutJson, type CutLimits } from '../json-cutter.ts'
import { isObject, listOf, parseObject, type JsonObject } from '../json-values.ts'
import { affectedUntil, recordText, unreadable } from '../osv-record.ts'

export interface SecdbKind {
  /** `Alpine:v3.20`, `Wolfi`. */
  readonly ecosystem: string
  /** Stands before the ids of records: `ALPINE`. */
  readonly prefix: string
}

/** Version of a package that was never affected. */
const neverAffected = '0'
const cveId = /CVE-[0-9]{4}-[0-9]{4,19}/g
/** Of ids that stand beside or in the place of a CVE: `XSA-401`, `GHSA-…`, `ZBX-23853`, `TS-2022-003`. */
const otherId = /^[A-Z]{2,16}-[\w.:-]{1,64}$/
const anyId = /^(?=.*[0-9])[\w.:/+-]{2,80}$/
const packageName = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,100}$/

/** Records in the order of the file. Fails with a FeedError where the file is cut off or no such JSON. */
export async function* readSecdb(
  source: AsyncIterable<Uint8Array>,
  kind: SecdbKind,
  limits: CutLimits,
): AsyncGenerator<RecordText> {
  for await (const cut of cutJson(source, ['packages', '*'], limits)) {
    const place = `packages[${cut.keys[1] ?? ''}]`
    if (cut.kind === 'too-long') {
      yield unreadable(cut.line, `${place}: the entry is too long`)
      continue
    }
    const found = parseObject(cut.text)?.['pkg']
    if (isObject(found)) yield* readPackage(found, { place, line: cut.line, kind })
    else yield unreadable(cut.line, `${place}: has no pkg`)
  }
}

interface Place {
  readonly place: string
  readonly line: number
  readonly kind: SecdbKind
}

function* readPackage(found: JsonObject, at: Place): Generator<RecordText> {
  const { name, secfixes } = found
  if (typeof name !== 'string' || !packageName.test(name)) {
    yield unreadable(at.line, `${at.place}: has no name of a package`)
    return
  }
  const isEmptyList = Array.isArray(secfixes) && secfixes.length === 0
  if (isObject(secfixes)) yield* readFixes(name, secfixes, at)
  else if (!isEmptyList) yield unreadable(at.line, `${at.place} (${name}): has no secfixes`)
}

function* readFixes(
  name: string,
  secfixes: JsonObject,
  { place, line, kind }: Place,
): Generator<RecordText> {
  const flaws = new Map<string, Flaw>()
  const entries = Object.entries(secfixes).flatMap(([version, ids]) =>
    listOf(ids).map((entry) => ({ version, entry })),
  )
  for (const { version, entry } of entries) {
    const ids = typeof entry === 'string' ? idsIn(entry) : []
    if (ids.length === 0)
      yield unreadable(line, `${place} (${name}): ${version.slice(0, 64)} has no id of a flaw`)
    for (const { id, aliases } of ids) addFlaw(flaws, id, { version, aliases })
  }
  for (const [id, flaw] of flaws) yield recordText(line, describe(name, { id, flaw, kind }))
}

interface Flaw {
  readonly versions: Set<string>
  readonly aliases: Set<string>
}

function addFlaw(
  flaws: Map<string, Flaw>,
  id: string,
  told: { readonly version: string; readonly aliases: readonly string[] },
): void {
  const flaw = flaws.get(id) ?? { versions: new Set(), aliases: new Set() }
  flaws.set(id, flaw)
  flaw.versions.add(told.version)
  for (const alias of told.aliases) flaw.aliases.add(alias)
}

/** The flaws that one entry names: `CVE-2017-15597 XSA-236` is one with two ids, `CVE-2017-2616 (+ regression fix)` has a remark. */
function idsIn(
  entry: string,
): readonly { readonly id: string; readonly aliases: readonly string[] }[] {
  const text = entry.slice(0, 1000)
  const cves = [...new Set(text.match(cveId))]
  const words = text.split(/[\s,;()]+/)
  const others = [...new Set(words)].filter(
    (word) => otherId.test(word) && !word.startsWith('CVE-'),
  )
  const [only] = cves
  if (only !== undefined && cves.length === 1) return [{ id: only, aliases: others }]
  // Beside several CVEs nobody can say to which of them another id belongs.
  if (cves.length > 1) return cves.map((id) => ({ id, aliases: [] }))
  // A slip of the pen (`CVE_2019-2426`) is still a flaw that was mended.
  const [id = words.find((word) => anyId.test(word))] = others
  return id === undefined ? [] : [{ id, aliases: others.slice(1) }]
}

function describe(
  name: string,
  { id, flaw, kind }: { readonly id: string; readonly flaw: Flaw; readonly kind: SecdbKind },
): Parameters<typeof recordText>[1] {
  const fixes = [...flaw.versions].filter((version) => version !== neverAffected)
  return {
    id: `${kind.prefix}-${id}:${name}`,
    aliases: [id, ...flaw.aliases],
    // Never affected: the record still names the package, so that the distribution has spoken of the flaw.
    affected: [
      {
        package: { ecosystem: kind.ecosystem, name },
        ranges: fixes.flatMap(affectedUntil),
      },
    ],
    ...(id.startsWith('CVE-') && {
      references: [{ type: 'ADVISORY', url: advisoryUrl(kind, id) }],
    }),
  }
}

function advisoryUrl({ ecosystem }: SecdbKind, id: string): string {
  return ecosystem.startsWith('Alpine')
    ? `https://security.alpinelinux.org/vuln/${id}`
    : `https://nvd.nist.gov/vuln/detail/${id}`
}
