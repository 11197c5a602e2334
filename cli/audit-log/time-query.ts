import { exitCodes, Failure } from '../failure.ts'

/** `from` and `to` as the server takes them; what is no time is refused before it is asked. */
export function timeQuery(times: {
  readonly from?: string
  readonly to?: string
}): URLSearchParams {
  const query = new URLSearchParams()
  for (const name of ['from', 'to'] as const) {
    const text = times[name]
    if (text === undefined) continue
    const time = new Date(text)
    if (!/^[0-9]{4}-[0-9]{2}/.test(text) || Number.isNaN(time.getTime())) {
      const advice = 'write it as 2026-11-26 or 2026-11-26T12:00:00Z'
      throw new Failure(exitCodes.usage, `${JSON.stringify(text)} is not a time`, advice)
    }
    query.set(name, time.toISOString())
  }
  return query
}
