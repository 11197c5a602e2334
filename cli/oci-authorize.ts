import { failure, parsed, recordIn, refusalOf, request, smallBody } from './oci-http.ts'

export interface RegistryAccess {
  /** `https://HOST` */
  readonly base: string
  readonly repository: string
  /** As a Basic header has them; undefined to ask without. */
  readonly credentials: string | undefined
}

/** The header that the registry wants for this scope (`pull` or `pull,push`), found by asking it as every client does. */
export async function authorize(
  access: RegistryAccess,
  scope: string,
): Promise<string | undefined> {
  const { base, credentials } = access
  const basic = credentials === undefined ? undefined : `Basic ${credentials}`
  const answer = await request(`${base}/v2/`, { method: 'GET', headers: {} })
  await answer.body?.cancel()
  if (answer.status !== 401) return undefined
  const challenge = answer.headers.get('www-authenticate') ?? ''
  if (!/^bearer\s/i.test(challenge)) return basic
  return askForToken(tokenServer(access, challenge, scope), basic)
}

function tokenServer({ base, repository }: RegistryAccess, challenge: string, scope: string): URL {
  const realm = parameterOf(challenge, 'realm')
  if (realm === undefined || !URL.canParse(realm))
    throw failure('the registry names no token server')
  const url = new URL(realm)
  if (url.protocol !== 'https:' && url.origin !== new URL(base).origin)
    throw failure(`the registry sends credentials to ${url.origin}, which is not https`)
  const service = parameterOf(challenge, 'service')
  if (service !== undefined) url.searchParams.set('service', service)
  url.searchParams.set('scope', `repository:${repository}:${scope}`)
  return url
}

async function askForToken(url: URL, basic: string | undefined): Promise<string> {
  const headers = basic === undefined ? {} : { authorization: basic }
  const given = await request(url.href, { method: 'GET', headers })
  if (given.status !== 200) throw await refusalOf(given, url.host)
  const { token, access_token: other } = recordIn(parsed(await smallBody(given)))
  const bearer = typeof token === 'string' ? token : other
  if (typeof bearer !== 'string') throw failure('the token server gave no token')
  return `Bearer ${bearer}`
}

function parameterOf(challenge: string, name: string): string | undefined {
  return new RegExp(`${name}="([^"]{1,2000})"`, 'i').exec(challenge)?.[1]
}
