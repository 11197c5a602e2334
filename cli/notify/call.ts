import { jsonOf } from '../json.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

const base = '/pratique/v1/notifications'

/** One call of the part of the API that is about notifications. */
export async function callNotifications<T>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  asked: {
    readonly query?: Readonly<Record<string, string>>
    readonly body?: Readonly<Record<string, unknown>>
  } = {},
): Promise<T> {
  const { query = {}, body } = asked
  const search = new URLSearchParams(query).toString()
  const address = `${base}${path}${search === '' ? '' : `?${search}`}`
  const sent =
    body === undefined
      ? undefined
      : { stream: new Blob([JSON.stringify(body)]).stream(), type: 'application/json' }
  return jsonOf<T>(await callServer(openSession(configOf({})), method, address, sent))
}
