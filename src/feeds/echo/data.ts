// Purpose:  Echo's advisories as records, one for each flaw of a source package.
// Spec:     advisory.echohq.com/data.json: {source: {flaw: {fixed_version, severity}}}; its packages are dpkg's, without releases.
// Input:    the file's bytes; hostile.
// Deviates: a record is of one source package, not of one flaw: a change then touches that package only.
// Unknowns: a flaw without a fixed version is affected without a fix; an entry that is not of this form is unreadable.
import type { RecordText } from '../../storage/feeds/record-text.ts'
import { cutJson, type CutLimits, type CutValue } from '../json-cutter.ts'
import { parseObject, textOf } from '../json-values.ts'
import {
  affectedUntil,
  recordText,
  unreadable,
  type OsvAffected,
  type OsvRecord,
} from '../osv-record.ts'

const flawId = /^[A-Z][A-Z0-9]{1,15}-[\w.:-]{1,80}$/
const sourceName = /^[A-Za-z0-9][A-Za-z0-9+._-]{0,100}$/
/** Version of a package that was never affected. */
const neverAffected = '0'

/** Records in the order of the file. Fails with a FeedError where the file is cut off or no such JSON. */
export async function* readEchoData(
  source: AsyncIterable<Uint8Array>,
  limits: CutLimits,
): AsyncGenerator<RecordText> {
  for await (const cut of cutJson(source, ['*', '*'], limits)) {
    const read = readFlaw(cut)
    yield typeof read === 'string' ? unreadable(cut.line, read) : recordText(cut.line, read)
  }
}

function readFlaw(cut: CutValue): OsvRecord | string {
  const [source = '', flaw = ''] = cut.keys
  const place = `${source.slice(0, 100)}, ${flaw.slice(0, 100)}`
  if (!sourceName.test(source)) return `${place}: is no name of a source package`
  if (!flawId.test(flaw)) return `${place}: is no id of a flaw`
  if (cut.kind === 'too-long') return `${place}: the entry is too long`
  const entry = parseObject(cut.text)
  if (entry === undefined) return `${place}: is no object`
  const ranges = rangesOf(entry['fixed_version'])
  if (ranges === undefined) return `${place}: has a fixed version that is no text`
  const severity = textOf(entry['severity'])
  return {
    id: `ECHO-${flaw}:${source}`,
    aliases: [flaw],
    affected: [
      {
        package: { ecosystem: 'Echo', name: source },
        ranges,
        ...(severity !== undefined && { ecosystem_specific: { severity } }),
      },
    ],
  }
}

/** Of what was never affected the record still names the package: the distribution has spoken of the flaw. */
function rangesOf(fixed: unknown): OsvAffected['ranges'] {
  if (fixed === neverAffected) return []
  if (fixed === undefined || fixed === null || fixed === '') return affectedUntil(undefined)
  return typeof fixed === 'string' ? affectedUntil(fixed) : undefined
}
