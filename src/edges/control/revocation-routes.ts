// What authorities said of revoked certificates, carried from one installation to another.
import { readAll } from '../../lib/read-all.ts'
import type { RevocationDatum } from '../../trust/revocation-data.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

export interface RevocationRooms {
  readonly listRevocationData: () => AsyncIterable<unknown>
  readonly putRevocationDatum: (
    input: RevocationDatum,
    options: { readonly signal: AbortSignal },
  ) => Promise<{ readonly name: string; readonly isTaken: boolean }>
}

const path = '/pratique/v1/trust/revocation'
/** A list of 8 MiB in base64. */
const maxBodyBytes = 12 * 1024 * 1024

export const revocationRoutes: readonly ControlRoute<RevocationRooms>[] = [
  {
    method: 'GET',
    path,
    action: 'pratique:ExportRevocationData',
    run: async (rooms) => Promise.resolve({ kind: 'lines', values: rooms.listRevocationData() }),
  },
  {
    method: 'POST',
    path,
    action: 'pratique:ImportRevocationData',
    run: put,
  },
]

/** One answer a call: `{key, fetchedAt, bytes}`, as a line of the export has it. */
async function put(rooms: RevocationRooms, call: ControlCall): Promise<ControlReply> {
  const body = await readAll(call.body, maxBodyBytes)
  if (body === undefined) return refused(`an answer has at most ${maxBodyBytes} bytes here`)
  const datum = datumIn(body.toString())
  if (datum === undefined)
    return refused('the body must be {"key": "crl URL", "fetchedAt": "…", "bytes": "base64"}')
  const value = await rooms.putRevocationDatum(datum, call)
  return { kind: 'json', value, audited: { name: value.name } }
}

function datumIn(text: string): RevocationDatum | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each member is looked at below
  const { key, fetchedAt, bytes } = value as Readonly<Record<string, unknown>>
  const isWhole =
    typeof key === 'string' && typeof fetchedAt === 'string' && typeof bytes === 'string'
  return isWhole ? { key, fetchedAt, bytes } : undefined
}
