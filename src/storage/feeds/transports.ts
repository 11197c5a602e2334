import { openDirectoryTransport } from './directory.ts'
import { openHttpTransport, type HttpTransportDeps } from './http.ts'
import type { FeedTransport } from './transport.ts'

/** By the address: `file:` is a directory on this machine, everything else is asked over the network. */
export function openTransport(deps: HttpTransportDeps): FeedTransport {
  const [http, directory] = [openHttpTransport(deps), openDirectoryTransport()]
  return {
    get: (url, request, options) =>
      (url.protocol === 'file:' ? directory : http).get(url, request, options),
  }
}
