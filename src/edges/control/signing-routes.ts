// Keys that sign, beyond AWS's API: named ones, the roots of the installation's certificates, and signing what was there before.
import type { Caller } from '../../access/caller.ts'
import { readAll } from '../../lib/read-all.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { repositoryArn } from '../../policy/arn.ts'
import { keySpecs, type KeySpec } from '../../signing/key-store.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

export interface SigningRooms {
  /** PEM, the oldest root first. */
  readonly signingRoots: () => Promise<string>
  readonly listSigningKeys: (account: AccountId) => Promise<unknown>
  readonly createSigningKey: (input: {
    readonly account: AccountId
    readonly name: string
    readonly spec: KeySpec
    readonly by: string
  }) => Promise<unknown>
  readonly signWithKey: (input: {
    readonly account: AccountId
    readonly name: string
    readonly payload: Uint8Array
    readonly format: 'jws' | 'cose'
    readonly expiresInMs: number | undefined
  }) => Promise<Uint8Array>
  /** How many images there are, and how many of them are to be signed now. */
  readonly signExisting: (
    input: { readonly account: AccountId; readonly name: RepositoryName; readonly caller: Caller },
    options: { readonly signal: AbortSignal },
  ) => Promise<{ readonly images: number; readonly asked: number }>
}

const base = '/pratique/v1/signing'
const maxPayloadBytes = 64 * 1024

export const signingRoutes: readonly ControlRoute<SigningRooms>[] = [
  {
    method: 'GET',
    path: `${base}/roots`,
    action: 'pratique:GetSigningRoot',
    isOfAccount: true,
    run: async (rooms) => ({ kind: 'json', value: { pem: await rooms.signingRoots() } }),
  },
  {
    method: 'GET',
    path: `${base}/keys`,
    action: 'pratique:ListSigningKeys',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: { keys: await rooms.listSigningKeys(account) },
    }),
  },
  {
    method: 'POST',
    path: `${base}/keys`,
    action: 'pratique:CreateSigningKey',
    isOfAccount: true,
    run: async (rooms, { account, principal, query }) => {
      const spec = keySpecs.find((one) => one === (query.get('algorithm') ?? 'EC-384'))
      if (spec === undefined) return refused(`algorithm must be one of ${keySpecs.join(', ')}`)
      const name = query.get('name') ?? ''
      const value = await rooms.createSigningKey({ account, name, spec, by: principal })
      return { kind: 'json', value }
    },
  },
  {
    method: 'POST',
    path: `${base}/signatures`,
    action: 'pratique:SignWithKey',
    isOfAccount: true,
    run: sign,
  },
  {
    method: 'POST',
    path: `${base}/existing`,
    action: 'pratique:SignExistingImages',
    isOfAccount: true,
    resources: (query, { account, region }) => {
      const name = parseRepositoryName(query.get('repository') ?? '')
      return [name === undefined ? '*' : repositoryArn(region, account, name)]
    },
    run: async (rooms, { account, caller, query, signal }) => {
      const name = parseRepositoryName(query.get('repository') ?? '')
      if (name === undefined) return refused('repository must be the name of a repository')
      const value = await rooms.signExisting({ account, name, caller }, { signal })
      return { kind: 'json', value }
    },
  },
]

async function sign(
  rooms: SigningRooms,
  { account, query, body }: ControlCall,
): Promise<ControlReply> {
  const format = query.get('format') ?? 'jws'
  if (format !== 'jws' && format !== 'cose') return refused('format must be jws or cose')
  const seconds = query.get('expiresInSeconds')
  if (seconds !== null && !/^\d{1,10}$/.test(seconds))
    return refused('expiresInSeconds must be a number of seconds')
  const payload = await readAll(body, maxPayloadBytes)
  if (payload === undefined) return refused(`the payload has more than ${maxPayloadBytes} bytes`)
  const envelope = await rooms.signWithKey({
    account,
    name: query.get('key') ?? '',
    payload,
    format,
    expiresInMs: seconds === null ? undefined : Number(seconds) * 1000,
  })
  return { kind: 'json', value: { signature: Buffer.from(envelope).toString('base64') } }
}
