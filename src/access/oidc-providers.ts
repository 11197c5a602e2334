import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import { oidcProviderArn, parseOidcProviderArn } from '../policy/oidc-provider-arn.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { accessError } from './errors.ts'
import { deleteIdentityTags, type Tag } from './identity-tag-store.ts'
import { setTags } from './identity-tags.ts'
import {
  deleteOidcProvider,
  findOidcProvider,
  insertOidcProvider,
  listOidcProviders,
  updateOidcProvider,
  type OidcProvider,
} from './oidc-provider-store.ts'
import { bumpPolicyEpoch } from './policy-epoch-store.ts'
import {
  maxOptionsLength,
  readProviderOptions,
  type OidcProviderOptions,
} from './rules/oidc-provider-options.ts'
import { readProviderUrl } from './rules/oidc-provider-url.ts'

/** AWS's quotas. */
const maxProviders = 100
const maxClientIds = 100
const maxThumbprints = 5

interface ProviderAddress {
  readonly account: AccountId
  readonly arn: string
}

/** Returns its ARN. */
export async function createProvider(
  deps: { readonly database: Database; readonly clock: Clock },
  input: {
    readonly account: AccountId
    readonly url: string
    readonly clientIds: readonly string[]
    readonly thumbprints: readonly string[]
    readonly tags: readonly Tag[]
  },
): Promise<string> {
  const { account, url } = input
  const reading = readProviderUrl(url)
  if (reading.kind === 'refused') {
    const message = `Invalid Open ID Connect Provider URL: ${reading.reason}`
    throw accessError('INPUT_CONSTRAINT', message)
  }
  const { issuer } = reading
  const clientIds = requireClientIds(input.clientIds)
  const thumbprints = requireThumbprints(input.thumbprints)
  const provider = { account, issuer, clientIds, thumbprints, options: {} }
  const arn = oidcProviderArn(account, issuer)
  await deps.database.transaction(async (tx) => {
    if ((await listOidcProviders(tx, account)).length >= maxProviders) {
      const message = `Cannot exceed quota for OpenIdConnectProvidersPerAccount: ${maxProviders}`
      throw accessError('ENTITY_LIMIT', message)
    }
    if (!(await insertOidcProvider(tx, { ...provider, createdAt: deps.clock.now() }))) {
      throw accessError('ENTITY_EXISTS', `Provider with url https://${issuer} already exists.`)
    }
    await setTags(tx, arn, input.tags)
    await bumpPolicyEpoch(tx)
  })
  return arn
}

export async function getProvider(
  deps: { readonly reader: SqlReader },
  input: ProviderAddress,
): Promise<OidcProvider> {
  const named = parseOidcProviderArn(input.arn)
  const provider =
    named?.account === input.account
      ? await findOidcProvider(deps.reader, input.account, named.issuer)
      : undefined
  if (provider !== undefined) return provider
  const message = `OpenIDConnect Provider not found for arn ${input.arn}`
  throw accessError('ENTITY_UNKNOWN', message)
}

/** Their ARNs. */
export async function listProviders(
  deps: { readonly reader: SqlReader },
  account: AccountId,
): Promise<readonly string[]> {
  const providers = await listOidcProviders(deps.reader, account)
  return providers.map(({ issuer }) => oidcProviderArn(account, issuer))
}

/** One that is there already stays. */
export async function addClientId(
  deps: { readonly database: Database },
  input: ProviderAddress & { readonly clientId: string },
): Promise<void> {
  await changeProvider(deps, input, ({ clientIds }) => ({
    clientIds: requireClientIds([...clientIds, input.clientId]),
  }))
}

/** One that is not there is gone already. */
export async function removeClientId(
  deps: { readonly database: Database },
  input: ProviderAddress & { readonly clientId: string },
): Promise<void> {
  await changeProvider(deps, input, ({ clientIds }) => ({
    clientIds: clientIds.filter((one) => one !== input.clientId),
  }))
}

/** In the place of all that it had. */
export async function putThumbprints(
  deps: { readonly database: Database },
  input: ProviderAddress & { readonly thumbprints: readonly string[] },
): Promise<void> {
  const thumbprints = requireThumbprints(input.thumbprints)
  await changeProvider(deps, input, () => ({ thumbprints }))
}

/** Each member of `change` is set, `null` takes it away, and what is absent stays. */
export async function changeProviderOptions(
  deps: { readonly database: Database },
  input: ProviderAddress & { readonly change: Readonly<Record<string, unknown>> },
): Promise<ProviderSummary> {
  const changed = await changeProvider(deps, input, ({ options }) => {
    const merged = Object.entries({ ...options, ...input.change })
    const kept = Object.fromEntries(merged.filter(([, value]) => value !== null))
    if (JSON.stringify(kept).length > maxOptionsLength) {
      const message = `the options have more than ${maxOptionsLength} characters`
      throw accessError('INPUT_INVALID', message)
    }
    const reading = readProviderOptions(kept)
    if (reading.kind === 'refused') throw accessError('INPUT_INVALID', reading.reason)
    return { options: reading.options }
  })
  return summaryOf(changed)
}

export interface ProviderSummary {
  readonly arn: string
  readonly url: string
  readonly clientIds: readonly string[]
  readonly options: OidcProviderOptions
}

/** All of an account with what AWS's API does not show. */
export async function describeProviders(
  deps: { readonly reader: SqlReader },
  account: AccountId,
): Promise<readonly ProviderSummary[]> {
  return (await listOidcProviders(deps.reader, account)).map(summaryOf)
}

function summaryOf({ account, issuer, clientIds, options }: OidcProvider): ProviderSummary {
  return {
    arn: oidcProviderArn(account, issuer),
    url: `https://${issuer}`,
    clientIds,
    options,
  }
}

/** Sessions that its tokens opened go on until they end; roles that trust it trust nobody then. */
export async function deleteProvider(
  deps: { readonly database: Database },
  input: ProviderAddress,
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const { account, issuer } = await getProvider({ reader: tx }, input)
    await deleteOidcProvider(tx, account, issuer)
    await deleteIdentityTags(tx, input.arn)
    await bumpPolicyEpoch(tx)
  })
}

async function changeProvider(
  deps: { readonly database: Database },
  input: ProviderAddress,
  change: (provider: OidcProvider) => Partial<OidcProvider>,
): Promise<OidcProvider> {
  return deps.database.transaction(async (tx) => {
    const provider = await getProvider({ reader: tx }, input)
    const changed = { ...provider, ...change(provider) }
    await updateOidcProvider(tx, changed)
    await bumpPolicyEpoch(tx)
    return changed
  })
}

/** Each once. */
function requireClientIds(clientIds: readonly string[]): readonly string[] {
  const distinct = [...new Set(clientIds)]
  if (distinct.length <= maxClientIds) return distinct
  const message = `Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${maxClientIds}`
  throw accessError('ENTITY_LIMIT', message)
}

function requireThumbprints(thumbprints: readonly string[]): readonly string[] {
  if (thumbprints.length > maxThumbprints) {
    throw accessError('INPUT_INVALID', 'Thumbprint list must contain fewer than 5 entries.')
  }
  const wrong = thumbprints.find((one) => !/^[0-9a-fA-F]{40}$/.test(one))
  if (wrong === undefined) return thumbprints
  throw accessError(
    'INPUT_INVALID',
    `Thumbprint ${wrong.slice(0, 40)} is not 40 hexadecimal digits.`,
  )
}
