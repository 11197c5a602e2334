// Samples in the feeds' own forms, with the records that are to come of them.
import { readdirSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { affectedInTopic } from '../../src/feeds/amazon/extras.ts'
import { readDebianTracker } from '../../src/feeds/debian/tracker.ts'
import { readEchoData } from '../../src/feeds/echo/data.ts'
import type { CutLimits } from '../../src/feeds/json-cutter.ts'
import { readAzureOval } from '../../src/feeds/oval/azure.ts'
import { readOracleOval } from '../../src/feeds/oval/oracle.ts'
import { readPhotonData } from '../../src/feeds/photon/cve-data.ts'
import { vexRecord } from '../../src/feeds/redhat/vex-archive.ts'
import { readSecdb } from '../../src/feeds/secdb/secdb.ts'
import { readUpdateinfo } from '../../src/feeds/updateinfo/updateinfo.ts'
import { decodeBzip2 } from '../../src/lib/archive/bzip2.ts'
import { readAll } from '../../src/lib/read-all.ts'
import type { RecordText } from '../../src/storage/feeds/record-text.ts'

type Options = Readonly<Record<string, string>>
type Converter = (
  source: AsyncIterable<Uint8Array>,
  options: Options,
  limits: CutLimits,
) => AsyncIterable<RecordText>

export const converters: Readonly<Record<string, Converter>> = {
  debian: (source, _, limits) => readDebianTracker(source, limits),
  echo: (source, _, limits) => readEchoData(source, limits),
  secdb: (source, { ecosystem = 'Wolfi', prefix = 'WOLFI' }, limits) =>
    readSecdb(source, { ecosystem, prefix }, limits),
  'redhat-vex': readDocument,
  updateinfo: (source, { ecosystem = 'Amazon Linux:2', topic }, limits) => {
    const kind = { ecosystem, vendor: 'Amazon', addressOf: (id: string) => `https://alas/${id}` }
    if (topic === undefined) return readUpdateinfo(source, kind, limits)
    const affectedBelow = affectedInTopic.bind(undefined, topic)
    return readUpdateinfo(source, { ...kind, affectedBelow }, limits)
  },
  oracle: (source, _, limits) => readOracleOval(unpacked(source), limits),
  azure: (source, { release = '3' }, limits) => readAzureOval(source, { release }, limits),
  photon: (source, { release = '5.0' }, limits) => readPhotonData(source, { release }, limits),
}

async function* readDocument(
  source: AsyncIterable<Uint8Array>,
  _: Options,
  limits: CutLimits,
): AsyncGenerator<RecordText> {
  const bytes = await readAll(source, limits.maxTotalBytes)
  const record = vexRecord(1, 'document', bytes?.toString('utf8') ?? '')
  if (record !== undefined) yield record
}

/** Oracle's file is packed, and its samples partly. */
async function* unpacked(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  const rest = { [Symbol.asyncIterator]: () => iterator }
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    if (first.done !== true) yield first.value
    yield* rest
  }
  const isPacked = first.done !== true && first.value[0] === 0x42
  yield* isPacked ? decodeBzip2(whole()) : whole()
}

export interface FeedCase {
  readonly name: string
  readonly converter: string
  readonly options?: Options
  /** Taken from a real file of the feed. */
  readonly isReal: boolean
  readonly text?: string
  readonly base64?: string
  readonly source: string
  readonly expected: {
    readonly records: readonly unknown[]
    readonly problems: readonly string[]
  }
}

const feedsFolder = fileURLToPath(new URL('../../src/feeds/', import.meta.url))

export function feedCases(): readonly FeedCase[] {
  const files = readdirSync(feedsFolder, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => /^[a-z]+\/cases\/[a-z]+\.json$/.test(file))
    .toSorted()
    .flatMap((file) => JSON.parse(readFileSync(`${feedsFolder}${file}`, 'utf8')) as FeedCase[])
}

export function bytesOfCase({ text, base64 }: FeedCase): Buffer {
  return base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64')
}

export const caseLimits: CutLimits = { maxValueBytes: 8_000_000, maxTotalBytes: 64_000_000 }

/** What a converter makes of these bytes: records parsed, problems with their lines. */
export async function convert(
  { converter, options = {} }: Pick<FeedCase, 'converter' | 'options'>,
  source: AsyncIterable<Uint8Array> | Buffer,
  limits: CutLimits = caseLimits,
): Promise<FeedCase['expected']> {
  const read = converters[converter]
  if (read === undefined) throw new Error(`there is no converter ${converter}`)
  const records: unknown[] = []
  const problems: string[] = []
  const bytes = Buffer.isBuffer(source) ? Readable.from([source]) : source
  for await (const record of read(bytes, options, limits)) {
    if (record.kind === 'text') records.push(JSON.parse(record.text))
    else problems.push(`line ${record.line}: ${record.reason}`)
  }
  return { records, problems }
}
