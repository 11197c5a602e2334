import { readLogin } from './docker-config.ts'
import { exitCodes, Failure } from './failure.ts'
import type { OciPlace } from './oci-client.ts'
import { parseImageReference } from './reference.ts'
import { authorizationToken, openSession } from './session.ts'
import { configOf, dockerConfigFiles } from './settings.ts'

export const ociPrefix = 'oci://'

/**
 * Where `oci://HOST/REPOSITORY:TAG` is, and how to sign in there: without a host, or with the server's own, as the session;
 * elsewhere with what docker's configuration has. Hosts on this machine are spoken to without TLS.
 */
export async function ociPlace(text: string): Promise<OciPlace> {
  const plain = text.startsWith(ociPrefix) ? text.slice(ociPrefix.length) : text
  const parsed = parseImageReference(plain)
  const reference = parsed?.digest ?? parsed?.tag
  if (parsed === undefined || reference === undefined)
    throw new Failure(
      exitCodes.usage,
      `${text} is no artifact of a registry`,
      'write it as oci://HOST/REPOSITORY:TAG, or oci://REPOSITORY:TAG for this registry',
    )
  const { host, repository } = parsed
  const session = openSession(configOf({}))
  const isOwn = host === undefined || host === hostOf(session.endpoint)
  if (isOwn) {
    const { password, registry } = await authorizationToken(session)
    const credentials = Buffer.from(`AWS:${password}`).toString('base64')
    return { base: session.endpoint ?? registry, repository, reference, credentials }
  }
  const [credentials] = dockerConfigFiles().flatMap((file) => readLogin(file, host) ?? [])
  return { base: `${schemeOf(host)}://${host}`, repository, reference, credentials }
}

function hostOf(endpoint: string | undefined): string | undefined {
  return endpoint === undefined ? undefined : new URL(endpoint).host
}

function schemeOf(host: string): string {
  return /^(?:localhost|127\.[0-9.]+|\[::1\])(?::[0-9]+)?$/.test(host) ? 'http' : 'https'
}
