// Purpose:  read somebody's bill of materials to the packages that it declares.
// Spec:     CycloneDX 1.2 to 1.7, JSON and XML; SPDX 2.2 and 2.3, JSON and tag-value; in-toto statements, DSSE and Sigstore bundles around them.
// Input:    a document of at most 64 MiB; hostile.
// Deviates: members that the specifications do not name are passed over; signatures of envelopes are not verified.
// Unknowns: what is no such document is refused; what of it could not be read is counted and said.
import { distributionId, type PurlRelease } from '../ecosystems/parse-purl.ts'
import type { Distribution } from '../ecosystems/ecosystem.ts'
import { readJson } from '../ecosystems/documents.ts'
import type { Declared } from './declared.ts'
import { cycloneDxOfXml } from './read-cyclonedx-xml.ts'
import { readCycloneDx } from './read-cyclonedx.ts'
import type { ReadComponent } from './read-package.ts'
import { readSpdx } from './read-spdx.ts'
import { readTagValue } from './read-tag-value.ts'
import { isRecord, textOf, type Members } from './members.ts'

export const maxSbomBytes = 64 * 1024 * 1024
/** A bundle holds an envelope, that a statement, that a document. */
const maxEnvelopes = 4

export type SbomReading =
  | {
      readonly kind: 'read'
      readonly declared: Declared
      readonly distribution: Distribution | undefined
      readonly components: readonly ReadComponent[]
      /** What nobody looked at, for people. */
      readonly notes: readonly string[]
    }
  | { readonly kind: 'refused'; readonly reason: string }

/** The content decides which form it is. Never throws for what the bytes are. */
export function readSbom(bytes: Uint8Array): SbomReading {
  if (bytes.length > maxSbomBytes) return refused(`is larger than ${maxSbomBytes} bytes`)
  const declared = isTagValue(bytes) ? readTagValue(bytes) : readEnvelopes(bytes)
  return typeof declared === 'string' ? refused(declared) : finished(declared)
}

function refused(reason: string): SbomReading {
  return { kind: 'refused', reason }
}

/** So much of a file tells whether it is one. */
export const sbomHeadBytes = 4096

/** Whether bytes that begin so may be a bill of materials, and are no archive. */
export function looksLikeSbom(head: Uint8Array): boolean {
  // The header of a tar has zeros, whatever the name of its first file.
  if (head.includes(0)) return false
  const text = new TextDecoder('latin1').decode(head)
  return isTagValue(head) || /^(?:\xef\xbb\xbf)?\s*[{<]/.test(text)
}

function isTagValue(bytes: Uint8Array): boolean {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, sbomHeadBytes))
  return /^(?:\xef\xbb\xbf)?(?:\s|#[^\n]*\n)*SPDXVersion:/.test(head)
}

function readEnvelopes(bytes: Uint8Array): Declared | string {
  let content = bytes
  const around: string[] = []
  for (let depth = 0; depth <= maxEnvelopes; depth += 1) {
    const json = readJson(content)
    if (json.kind === 'refused')
      return startsAsXml(content) ? withEnvelopes(readXmlDocument(content), around) : json.reason
    if (!isRecord(json.value)) return 'is not a JSON object'
    const opened = openEnvelope(json.value)
    if (opened === undefined) return withEnvelopes(readDocument(json.value), around)
    if (typeof opened === 'string') return opened
    around.push(opened.name)
    content = opened.content
  }
  return `has more than ${maxEnvelopes} envelopes around it`
}

function readXmlDocument(content: Uint8Array): Declared | string {
  const document = cycloneDxOfXml(content)
  return typeof document === 'string' ? document : readCycloneDx(document)
}

function startsAsXml(bytes: Uint8Array): boolean {
  return /^(?:\xef\xbb\xbf)?\s*</.test(new TextDecoder('latin1').decode(bytes.subarray(0, 64)))
}

interface Opened {
  readonly name: string
  readonly content: Uint8Array
}

/** What is inside; a sentence for an envelope that cannot be opened, undefined for what is none. */
function openEnvelope(value: Members): Opened | string | undefined {
  const bundled = value['dsseEnvelope']
  if (isRecord(bundled)) return { name: 'Sigstore bundle', content: encode(bundled) }
  const { payload } = value
  if (typeof payload === 'string' && textOf(value['payloadType']) !== undefined)
    return { name: 'DSSE envelope', content: Buffer.from(payload, 'base64') }
  if (textOf(value['_type'])?.startsWith('https://in-toto.io/Statement/') !== true) return undefined
  const { predicate } = value
  if (!isRecord(predicate)) return 'is an in-toto statement without a predicate'
  // Older versions of cosign put the document into a member of its own.
  const inner = predicate['Data'] ?? predicate
  if (typeof inner === 'string') return { name: 'in-toto statement', content: Buffer.from(inner) }
  return { name: 'in-toto statement', content: encode(inner) }
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

function withEnvelopes(declared: Declared | string, around: readonly string[]): Declared | string {
  if (typeof declared === 'string' || around.length === 0) return declared
  const gap = `the document came in a ${around.join(' with a ')}, whose signature was not verified`
  return { ...declared, gaps: [...declared.gaps, gap] }
}

function readDocument(value: Members): Declared | string {
  if (value['bomFormat'] === 'CycloneDX') return readCycloneDx(value)
  if (textOf(value['spdxVersion']) !== undefined) return readSpdx(value)
  return 'is neither CycloneDX nor SPDX 2'
}

const shownNames = 5

function finished(declared: Declared): SbomReading {
  const distribution = declared.distribution ?? commonRelease(declared.components)
  const components = declared.components.filter((it) => isOf(it.release, distribution))
  const foreign = declared.components.filter((it) => !isOf(it.release, distribution))
  const byRelease = Map.groupBy(foreign, ({ release }) => shownRelease(release))
  const byReason = Map.groupBy(declared.refused, ({ reason }) => reason)
  const notes = [
    ...declared.gaps,
    ...[...byRelease].map(([release, these]) =>
      counted(
        these.map((it) => it.package.name),
        `of another system (${release}) and were not looked at`,
      ),
    ),
    ...[...byReason].map(([reason, these]) =>
      counted(
        these.map(({ name }) => name),
        `not looked at: a component ${reason}`,
      ),
    ),
  ]
  return { kind: 'read', declared, distribution, components, notes }
}

function counted(names: readonly string[], what: string): string {
  const shown = names.slice(0, shownNames).map((name) => JSON.stringify(name.slice(0, 80)))
  const more = names.length > shownNames ? ', …' : ''
  const count = names.length === 1 ? '1 component is' : `${names.length} components are`
  return `${count} ${what} (${shown.join(', ')}${more})`
}

/** Where no component names the system, that of which most packages are. */
function commonRelease(components: readonly ReadComponent[]): Distribution | undefined {
  const groups = Map.groupBy(
    components.filter(({ release }) => release !== undefined),
    ({ release }) => shownRelease(release),
  )
  const [largest] = [...groups.values()].toSorted((a, b) => b.length - a.length)
  const release = largest?.[0]?.release
  return release === undefined ? undefined : { ...release, idLike: [] }
}

/** `12` is `12.4`, and `12.4` is `12`: tools differ in how much of a release they tell. */
function isOf(release: PurlRelease | undefined, distribution: Distribution | undefined): boolean {
  if (release === undefined || distribution === undefined) return true
  if (distributionId(release.id) !== distributionId(distribution.id)) return false
  const [a, b] = [release.versionId, distribution.versionId]
  return (
    a === undefined || b === undefined || a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`)
  )
}

function shownRelease(release: PurlRelease | undefined): string {
  return `${release?.id ?? 'unknown'} ${release?.versionId ?? ''}`.trim()
}
