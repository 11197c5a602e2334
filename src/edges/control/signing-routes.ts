// Keys that sign, beyond AWS's API: named ones, the roots of the installation's certificates, and signing what was there before.
import type { Caller } from '../../access/caller.ts'
import { readAll } from '../../lib/read-all.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { repositoryArn } from '../../policy/arn.ts'
import { signingKeyArn } from '../../signing/rules/signing-key-arn.ts'
import { keySpecs, type KeySpec } from '../../signing/key-store.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

export interface SigningRooms {
  /** PEM, the oldest root first. */
  readonly signingRoots: () => Promise<string>
  readonly timestampRoots: () => Promise<string>
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
    readonly by: string
  }) => Promise<{ readonly envelope: Uint8Array; readonly isStamped: boolean }>
  /** What it signed from then on counts no more. */
  readonly revokeSigningKey: (input: {
    readonly account: AccountId
    readonly name: string
    readonly from: Date
    readonly reason: string
    readonly by: string
  }) => Promise<void>
  readonly describeRuleOptions: (account: AccountId) => Promise<unknown>
  readonly putRuleOption: (input: {
    readonly account: AccountId
    readonly profileArn: string
    readonly indexOnly: boolean
    readonly by: string
  }) => Promise<void>
  /** How many images there are, and how many of them are to be signed now. */
  readonly signExisting: (
    input: { readonly account: AccountId; readonly name: RepositoryName; readonly caller: Caller },
    options: { readonly signal: AbortSignal },
  ) => Promise<{ readonly images: number; readonly asked: number }>
}

const base = '/pratique/v1/signing'
const maxPayloadBytes = 64 * 1024
const defaultAlgorithm: KeySpec = 'EC-384'

export const signingRoutes: readonly ControlRoute<SigningRooms>[] = [
  {
    method: 'GET',
    path: `${base}/roots`,
    action: 'pratique:GetSigningRoot',
    isOfAccount: true,
    run: async (rooms, { query }) => {
      const purpose = query.get('purpose') ?? 'signing'
      if (purpose !== 'signing' && purpose !== 'timestamps')
        return refused('purpose must be signing or timestamps')
      const pem = purpose === 'signing' ? rooms.signingRoots() : rooms.timestampRoots()
      return { kind: 'json', value: { pem: await pem } }
    },
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
    resources: keyIn('name'),
    keys: (query) => ({ 'pratique:KeyAlgorithm': query.get('algorithm') ?? defaultAlgorithm }),
    run: async (rooms, { account, principal, query }) => {
      const spec = keySpecs.find((one) => one === (query.get('algorithm') ?? defaultAlgorithm))
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
    resources: keyIn('key'),
    run: sign,
  },
  {
    method: 'POST',
    path: `${base}/keys/revocations`,
    action: 'pratique:RevokeSigningKey',
    isOfAccount: true,
    resources: keyIn('name'),
    run: revoke,
  },
  {
    method: 'GET',
    path: `${base}/rules`,
    action: 'pratique:DescribeSigningRules',
    isOfAccount: true,
    run: async (rooms, { account }) => ({
      kind: 'json',
      value: { rules: await rooms.describeRuleOptions(account) },
    }),
  },
  {
    method: 'POST',
    path: `${base}/rules`,
    action: 'pratique:PutSigningRuleOption',
    isOfAccount: true,
    run: async (rooms, { account, principal, query }) => {
      const word = query.get('indexOnly')
      if (word !== 'on' && word !== 'off') return refused('indexOnly must be on or off')
      const profileArn = query.get('profileArn') ?? ''
      await rooms.putRuleOption({ account, profileArn, indexOnly: word === 'on', by: principal })
      return { kind: 'json', value: { rules: await rooms.describeRuleOptions(account) } }
    },
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

/** The named key that a query is about. */
function keyIn(member: string): NonNullable<ControlRoute<SigningRooms>['resources']> {
  return (query, { account, region }) => [signingKeyArn(region, account, query.get(member) ?? '')]
}

const longestReason = 500

async function revoke(
  rooms: SigningRooms,
  { account, principal, query }: ControlCall,
): Promise<ControlReply> {
  const name = query.get('name') ?? ''
  const from = new Date(query.get('effective') ?? '')
  if (Number.isNaN(from.getTime()))
    return refused('effective must be a moment: 2027-01-31T12:00:00Z')
  const reason = query.get('reason') ?? ''
  if (reason === '' || reason.length > longestReason)
    return refused(`reason must have 1 to ${longestReason} characters`)
  await rooms.revokeSigningKey({ account, name, from, reason, by: principal })
  return { kind: 'json', value: { name, revokedFrom: from } }
}

async function sign(
  rooms: SigningRooms,
  { account, principal, query, body }: ControlCall,
): Promise<ControlReply> {
  const format = query.get('format') ?? 'jws'
  if (format !== 'jws' && format !== 'cose') return refused('format must be jws or cose')
  const seconds = query.get('expiresInSeconds')
  if (seconds !== null && !/^\d{1,10}$/.test(seconds))
    return refused('expiresInSeconds must be a number of seconds')
  const payload = await readAll(body, maxPayloadBytes)
  if (payload === undefined) return refused(`the payload has more than ${maxPayloadBytes} bytes`)
  const { envelope, isStamped } = await rooms.signWithKey({
    account,
    by: principal,
    name: query.get('key') ?? '',
    payload,
    format,
    expiresInMs: seconds === null ? undefined : Number(seconds) * 1000,
  })
  const signature = Buffer.from(envelope).toString('base64')
  return { kind: 'json', value: { signature, isStamped } }
}
