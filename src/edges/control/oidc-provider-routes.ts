import type { AccountId } from '../../policy/account-id.ts'
import { readAll } from '../../lib/read-all.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

export interface OidcProviderRooms {
  readonly describeOidcProviders: (input: { readonly account: AccountId }) => Promise<unknown>
  /** Each member of `change` is set, `null` takes it away, and what is absent stays; answers the provider as it is then. */
  readonly changeOidcProvider: (input: {
    readonly account: AccountId
    readonly arn: string
    readonly change: Readonly<Record<string, unknown>>
  }) => Promise<unknown>
}

/** Key set and certificates at their largest, as JSON writes them. */
const maxBodyBytes = 512 * 1024

export const oidcProviderRoutes: readonly ControlRoute<OidcProviderRooms>[] = [
  {
    method: 'GET',
    path: '/pratique/v1/oidc-providers',
    action: 'pratique:DescribeOidcProviders',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: await rooms.describeOidcProviders({ account }),
    }),
  },
  {
    method: 'POST',
    path: '/pratique/v1/oidc-providers/options',
    action: 'pratique:PutOidcProviderOptions',
    run: changeOptions,
  },
]

/** `provider` is the ARN; the body a JSON object of the options to change. */
async function changeOptions(rooms: OidcProviderRooms, call: ControlCall): Promise<ControlReply> {
  const arn = call.query.get('provider')
  if (arn === null) return refused('provider must be the ARN of an identity provider')
  const body = await readAll(call.body, maxBodyBytes)
  if (body === undefined) return refused(`the options have more than ${maxBodyBytes} bytes`)
  const change = objectOf(body.toString())
  if (change === undefined) return refused('the body must be a JSON object of options')
  const value = await rooms.changeOidcProvider({ account: call.account, arn, change })
  return { kind: 'json', value }
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined
  } catch {
    return undefined
  }
}
